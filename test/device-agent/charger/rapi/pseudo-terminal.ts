// A real pseudo-terminal without a native module: `script` holds the master end, this process speaks for it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

export interface PseudoTerminal {
  /** The slave end, to be opened like any serial device. */
  path: string;
  write(text: string): void;
  /** What the slave end wrote, as Latin-1. */
  onText(listener: (text: string) => void): void;
  /** The far end neither reads nor writes until it thaws. */
  freeze(): void;
  thaw(): void;
  /** The far end dies without a word. */
  kill(): Promise<void>;
}

export async function openPseudoTerminal(): Promise<PseudoTerminal> {
  // The inner command keeps the slave end open while nobody else does; it dies by hang-up with its terminal.
  const child = spawn("script", ["-qfc", "stty raw -echo; tty; exec sleep 120", "/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let listener: ((text: string) => void) | null = null;
  const path = await new Promise<string>((resolve, reject) => {
    let greeting = "";
    child.once("error", reject);
    child.once("exit", () => reject(new Error("script ended before it named its terminal")));
    child.stdout.on("data", (chunk: Buffer) => {
      if (listener) return listener(chunk.toString("latin1"));
      greeting += chunk.toString("latin1");
      const named = /(\/dev\/pts\/\d+)\r?\n/.exec(greeting);
      if (named?.[1]) resolve(named[1]);
    });
  });
  child.stdin.on("error", () => child.kill("SIGKILL"));
  return {
    path,
    write: (text) => child.stdin.write(Buffer.from(text, "latin1")),
    onText(next) {
      listener = next;
    },
    freeze: () => child.kill("SIGSTOP"),
    thaw: () => child.kill("SIGCONT"),
    kill: () => killed(child),
  };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
