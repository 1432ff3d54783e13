// One service as one process: started, watched for its `started successfully`, logged, stopped or killed.
//
// 1. The process leads its own group: Ctrl-C in the terminal does not reach it, a kill reaches all of it.
// 2. Its standard input is a pipe that closes when the supervisor dies; it ends itself then.
// 3. Every start leaves a process file, by which a later supervisor finds what this one left behind.
import { type ChildProcess, spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { openLogFile } from "./log-file.ts";
import { identityOf, signalGroup } from "./process-identity.ts";

export type ServiceState = "stopped" | "starting" | "running" | "paused" | "killed" | "exited" | "crashed";

export interface Ending {
  state: "stopped" | "killed" | "exited" | "crashed";
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface Command {
  file: string;
  args: string[];
  env: Record<string, string | undefined>;
  cwd: string;
}

export interface ServiceProcess {
  pid: number | null;
  isReady(): boolean;
  /** True once it said that it is ready, false when it ended before. */
  ready: Promise<boolean>;
  ended: Promise<Ending>;
  /** Its last output lines, for the message that says why it ended. */
  lastLines(): string[];
  /** SIGTERM, heard by a frozen one too; SIGKILL to its whole group when it has not ended `withinMs` later. */
  stop(withinMs: number): void;
  /** SIGKILL to its whole group. */
  kill(): void;
  /** Freezes its whole group as it stands (SIGSTOP): nothing in it runs until `thaw`. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
}

export const readyMark = "started successfully";

/** Exit code of a program that met a bug of its own (wire/process/lifetime.ts). */
const brokenCode = 70;

/** How long the last output may take to arrive after the process has ended. */
const pipeDrainMs = 500;

export function startProcess(
  name: string,
  command: Command,
  logPath: string,
  pidPath: string,
): ServiceProcess {
  const log = openLogFile(logPath);
  const note = (text: string) => log.write(`${new Date().toISOString()} INFO supervisor | ${text}\n`);
  const child = spawn(command.file, command.args, {
    cwd: command.cwd,
    env: { ...command.env, EXIT_WITH_STDIN: "1" },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  child.stdin?.on("error", () => {}); // the pipe says nothing; that it breaks is seen by the exit
  const pid = child.pid ?? null;
  const identity = pid === null ? undefined : identityOf(pid);
  try {
    if (identity) writeFileSync(pidPath, JSON.stringify(identity));
  } catch (error) {
    // A process that no file tells of would outlive its supervisor unseen.
    if (pid !== null) signalGroup(pid, "SIGKILL");
    rmSync(pidPath, { force: true });
    log.close();
    throw error;
  }
  note(`${name} starting (process ${pid ?? "none"})`);

  let ready = false;
  let asked: "stopped" | "killed" | null = null;
  let forced: NodeJS.Timeout | undefined;
  const answered = Promise.withResolvers<boolean>();
  const tail = watchOutput(child, log.write, () => {
    ready = true;
    answered.resolve(true);
  });
  const ended = new Promise<Ending>((resolve) => {
    let over = false;
    const end = (code: number | null, signal: NodeJS.Signals | null) => {
      if (over) return;
      over = true;
      clearTimeout(forced);
      const ending: Ending = { state: asked ?? unasked(code, signal), code, signal };
      note(`${name} ${endingText(ending)}`);
      log.close();
      rmSync(pidPath, { force: true });
      answered.resolve(false);
      resolve(ending);
    };
    child.once("exit", (code, signal) => {
      // What it started and left behind would hold its ports, its terminal and our pipes.
      if (pid !== null) signalGroup(pid, "SIGKILL");
      child.once("close", () => end(code, signal));
      setTimeout(() => end(code, signal), pipeDrainMs).unref();
    });
    child.once("error", (error) => {
      tail.push(error.message);
      note(`${name}: ${error.message}`);
      if (pid === null) end(null, null);
    });
  });
  return {
    pid,
    isReady: () => ready,
    ready: answered.promise,
    ended,
    lastLines: () => [...tail],
    stop(withinMs) {
      asked ??= "stopped";
      child.kill("SIGTERM");
      // A frozen process hears nothing until it runs again.
      if (pid !== null) signalGroup(pid, "SIGCONT");
      forced ??= setTimeout(() => pid !== null && signalGroup(pid, "SIGKILL"), withinMs);
    },
    kill() {
      asked = "killed";
      if (pid !== null) signalGroup(pid, "SIGKILL");
    },
    freeze() {
      if (pid !== null) signalGroup(pid, "SIGSTOP");
    },
    thaw() {
      if (pid !== null) signalGroup(pid, "SIGCONT");
    },
  };
}

function unasked(code: number | null, signal: NodeJS.Signals | null): "killed" | "exited" | "crashed" {
  if (signal === "SIGKILL") return "killed";
  return signal !== null || code === null || code === brokenCode ? "crashed" : "exited";
}

/** "exited with code 1", "crashed (SIGSEGV)", "was killed". */
export function endingText(ending: Ending): string {
  const how = ending.signal ?? (ending.code === null ? "did not start" : `code ${ending.code}`);
  switch (ending.state) {
    case "stopped":
      return ending.signal === "SIGKILL" ? "was stopped by force" : `stopped (${how})`;
    case "killed":
      return "was killed";
    case "exited":
      return `exited by itself with ${how}`;
    case "crashed":
      return `crashed (${how})`;
  }
}

/** Hands output to the log and looks for the ready mark; returns the last lines, kept current. */
function watchOutput(child: ChildProcess, write: (chunk: Buffer) => void, onReady: () => void): string[] {
  const last: string[] = [];
  let ready = false;
  for (const stream of [child.stdout, child.stderr]) {
    let partial = "";
    stream?.on("data", (chunk: Buffer) => {
      write(chunk);
      const lines = (partial + chunk.toString("utf8")).split("\n");
      partial = (lines.pop() ?? "").slice(-10_000);
      for (const line of lines) {
        if (line.trim() === "") continue;
        last.push(line);
        if (last.length > 5) last.shift();
        if (!ready && line.includes(readyMark)) {
          ready = true;
          onReady();
        }
      }
    });
  }
  return last;
}
