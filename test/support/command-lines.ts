// Command lines of documents, and a terminal that runs them as a reader would type them: in bash, each to its end; one
// that follows a log, until it has shown what is looked for.
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";

export interface Command {
  line: string;
  /** What its comment says it shows, after an arrow; null: the comment says nothing of that. */
  shown: string | null;
}

/** The commands among the lines of a shell block: comments dropped, continued lines and loops folded into one. */
export function commandsIn(lines: readonly string[]): Command[] {
  const commands: Command[] = [];
  let open = "";
  for (const typed of lines) {
    const line = typed.replace(comment, "").trimEnd();
    if (line.trim() === "") continue;
    open = open === "" ? line.trim() : `${open}\n${line}`;
    if (!isWhole(open)) continue;
    commands.push({ line: open, shown: /\s#.*→ (.+)$/.exec(typed)?.[1]?.trim() ?? null });
    open = "";
  }
  if (open !== "") throw new Error(`the block ends within a command: ${open}`);
  return commands;
}

/** It begins at the start of a line, or after two spaces. */
const comment = /^\s*#.*$|\s{2,}#.*$/;

function isWhole(command: string): boolean {
  if (command.endsWith("\\")) return false;
  return !/^for\b[^\n]*\bdo$/m.test(command) || /^\s*done\b/m.test(command);
}

export interface ShellBlock {
  /** Why its commands are not run; null: they are. */
  notRun: string | null;
  commands: Command[];
}

/** The blocks of a Markdown text that are marked as bash or sh; `no-run "reason"` after that keeps one from being run. */
export function shellBlocksIn(markdown: string): ShellBlock[] {
  return [...markdown.matchAll(/^```(?:bash|sh)\b(.*)\n([\s\S]*?)^```$/gm)].map(
    ([, info = "", text = ""]) => {
      const lines = text.trimEnd().split("\n");
      return { notRun: notRunIn(info.trim()), lines, commands: commandsIn(lines) };
    },
  );
}

function notRunIn(info: string): string | null {
  if (info === "") return null;
  const reason = /^no-run "(.{10,})"$/.exec(info)?.[1];
  if (reason === undefined) throw new Error(`bash ${info}: after bash only no-run "its reason" is known`);
  return reason;
}

export interface Run {
  code: number | null;
  /** Standard output, and after it standard error. */
  out: string;
}

/** What no command may exceed; for a busy machine. */
const patienceMs = 240_000;

export interface TerminalOptions {
  cwd: string;
  env: Record<string, string>;
  /** Words before `bash -c …`: how to enter a network namespace, say. */
  enter?: readonly string[];
}

export class Terminal {
  readonly #options: TerminalOptions;
  readonly #running = new Set<ChildProcess>();

  constructor(options: TerminalOptions) {
    this.#options = options;
  }

  /** Runs one command to its end. Rejects when it does not end in time; it is interrupted then. */
  async run(command: string, env: Record<string, string> = {}): Promise<Run> {
    const { child, over, said } = this.#start(command, env);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      interrupt(child);
    }, patienceMs);
    const run = await over;
    clearTimeout(timer);
    if (late)
      throw new Error(`${command}\ndid not end within ${patienceMs / 1_000} s: ${said().slice(-2_000)}`);
    return run;
  }

  /** Runs it, and rejects with its output unless it exits with `code` and shows `shown`. */
  async does(
    command: string,
    shown: RegExp = /^/,
    code = 0,
    env: Record<string, string> = {},
  ): Promise<string> {
    const run = await this.run(command, env);
    if (run.code !== code || !shown.test(run.out)) throw new Error(complaint(command, run, shown, code));
    return run.out;
  }

  /** Looks again and again until it exits with `code` and shows `shown`; for commands that only read. */
  async shows(command: string, shown: RegExp = /^/, code = 0, withinMs = 90_000): Promise<string> {
    const until = performance.now() + withinMs;
    for (;;) {
      const run = await this.run(command);
      if (run.code === code && shown.test(run.out)) return run.out;
      if (performance.now() > until) throw new Error(complaint(command, run, shown, code));
      await pause(250);
    }
  }

  /** Runs one that never ends by itself until it has shown `shown`, then ends it as Ctrl-C does. */
  async follows(command: string, shown: RegExp, withinMs = 90_000): Promise<string> {
    const { child, over, said } = this.#start(command, {});
    const until = performance.now() + withinMs;
    while (!shown.test(said())) {
      if (child.exitCode !== null || performance.now() > until) {
        interrupt(child);
        throw new Error(complaint(command, await over, shown, null));
      }
      await pause(50);
    }
    interrupt(child);
    return (await over).out;
  }

  /** Ends what still runs. */
  close(): void {
    for (const child of this.#running) interrupt(child);
  }

  #start(command: string, env: Record<string, string>) {
    const typed = ["bash", "-o", "pipefail", "-c", command];
    const [file, ...args] = [...(this.#options.enter ?? []), ...typed] as [string, ...string[]];
    const child = spawn(file, args, {
      cwd: this.#options.cwd,
      env: { ...process.env, ...this.#options.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, so that all of a pipe can be interrupted.
      detached: true,
    });
    this.#running.add(child);
    let out = "";
    let err = "";
    child.stdout.on("data", (text) => {
      out += text;
    });
    child.stderr.on("data", (text) => {
      err += text;
    });
    const over = new Promise<Run>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        this.#running.delete(child);
        resolve({ code, out: out + err });
      });
    });
    return { child, over, said: () => out + err };
  }
}

function interrupt({ pid, exitCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null) process.kill(-pid, "SIGINT");
}

function complaint(command: string, run: Run, shown: RegExp, code: number | null): string {
  const wanted = [
    ...(code === null ? [] : [`exit ${code}`]),
    ...(shown.source === "^" ? [] : [String(shown)]),
  ];
  return `${command}\nwanted ${wanted.join(" and ")}, got exit ${run.code}:\n${run.out.slice(-4_000)}`;
}
