// A pseudo-terminal without a native module: `script` (util-linux) holds the master, its pipes carry the bytes.
//
// 1. An inner shell holds the slave open, so that the line outlives every program that opens and closes it; it reads
//    nothing from it.
// 2. That shell waits on a pipe whose other end only this process holds: when this process dies in whatever way, the
//    shell ends, and with it `script`. Nothing polls, so waiting costs no CPU.
// 3. Without `script`, python3's pty module does the same.
// 4. The kernel gives a freed number to whoever opens the next terminal. The link therefore leads through a name of
//    this terminal alone, which the helper removes before it lets the terminal go: a link of a charger that was
//    killed leads nowhere, never into another's line.
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { lstatSync, mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Readable, Writable } from "node:stream";

export interface Pty {
  /** For instance `/dev/pts/7`. */
  path: string;
  write(bytes: string): void;
  /** Resolves when the helper process is gone. */
  close(): Promise<void>;
}

export interface PtyEvents {
  /** Latin1 text: one character per byte. */
  onBytes(bytes: string): void;
  /** The helper died by itself; the terminal is gone. */
  onGone(why: string): void;
}

export type PtyHolder = "script" | "python3";

const readyWithinMs = 5000;
const endWithinMs = 1000;

const shellLine = 'stty raw -echo && echo "pty:$(tty)" && read _ <&3; rm -f -- "$PTY_NAME"';
const pythonLines = `
import contextlib, os, pty, select, tty
master, slave = pty.openpty()
tty.setraw(slave)
os.write(1, ("pty:" + os.ttyname(slave) + "\\n").encode())
while True:
    ready = select.select([0, 3, master], [], [])[0]
    if 3 in ready and not os.read(3, 1):
        break
    if 0 in ready:
        data = os.read(0, 4096)
        if not data:
            break
        os.write(master, data)
    if master in ready:
        os.write(1, os.read(master, 4096))
with contextlib.suppress(OSError):
    os.unlink(os.environ["PTY_NAME"])
`;

/**
 * Opens a pseudo-terminal in raw mode and lets `link` lead to it, in one step even where an old link stands.
 * @throws when neither `script` nor python3 can give one.
 */
export async function openPty(
  link: string,
  events: PtyEvents,
  holders: readonly PtyHolder[] = ["script", "python3"],
): Promise<Pty> {
  mkdirSync(dirname(link), { recursive: true });
  const failures: string[] = [];
  for (const holder of holders) {
    try {
      return await openWith(holder, link, events);
    } catch (error) {
      failures.push(`${holder}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(
    `no pseudo-terminal (${failures.join("; ")}): install \`script\` (Debian bsdutils, Fedora util-linux-script, Alpine util-linux-misc) or python3`,
  );
}

/** Leads `link` to `name`, which leads to the terminal; the name that it led to before is nobody's any more. */
function place(link: string, name: string, path: string): void {
  const before = nameBehind(link);
  symlinkSync(path, name);
  const fresh = `${name}.link`;
  symlinkSync(basename(name), fresh);
  renameSync(fresh, link);
  if (before !== null) rmSync(before, { force: true });
}

function nameBehind(link: string): string | null {
  if (!lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) return null;
  const name = readlinkSync(link);
  return name.startsWith(`${basename(link)}.`) ? join(dirname(link), name) : null;
}

function start(holder: PtyHolder, name: string): ChildProcess {
  const stdio = ["pipe", "pipe", "pipe", "pipe"] as const;
  // Its own process group: a Ctrl-C in the terminal is for this process, which then closes the line in order.
  const env = { ...process.env, SHELL: "/bin/sh", PTY_NAME: name };
  const options = { stdio: [...stdio], detached: true, env };
  return holder === "script"
    ? spawn("script", ["-qfc", shellLine, "/dev/null"], options)
    : spawn("python3", ["-u", "-c", pythonLines], options);
}

function openWith(holder: PtyHolder, link: string, events: PtyEvents): Promise<Pty> {
  const name = `${link}.${randomUUID().slice(0, 8)}`;
  const child = start(holder, name);
  const { stdin, stdout, stderr } = child;
  const leash = child.stdio[3] as Writable | null;
  if (stdin === null || stdout === null || stderr === null || leash === null) {
    throw new Error(`${holder} was started without pipes`);
  }
  // A broken pipe shows as the helper's exit too; that is where it is dealt with.
  for (const pipe of [stdin, leash]) pipe.on("error", () => {});
  let complaint = "";
  stderr.on("data", (text: Buffer) => {
    complaint = (complaint + text.toString()).slice(-200);
  });
  return new Promise((resolve, reject) => {
    let state: "starting" | "open" | "closed" = "starting";
    const exited = new Promise<void>((done) => {
      child.once("exit", () => done());
      child.once("error", () => done());
    });
    const close = async () => {
      state = "closed";
      leash.end();
      stdin.end();
      const late = setTimeout(() => child.kill("SIGKILL"), endWithinMs);
      await exited;
      clearTimeout(late);
    };
    const fail = (why: string) => {
      clearTimeout(patience);
      if (state === "starting") {
        void close();
        reject(new Error(why));
      } else if (state === "open") {
        rmSync(name, { force: true });
        events.onGone(why);
      }
      state = "closed";
    };
    const patience = setTimeout(() => fail("no terminal within 5 s"), readyWithinMs);
    child.on("error", (error) => fail(error.message));
    child.on("exit", (code, signal) =>
      fail(`${holder} ended (${signal ?? code}) ${complaint.trim()}`.trim()),
    );
    onPath(stdout, (path) => {
      if (state !== "starting") return;
      clearTimeout(patience);
      place(link, name, path);
      state = "open";
      stdout.setEncoding("latin1");
      stdout.on("data", (bytes: string) => events.onBytes(bytes));
      resolve({ path, write: (bytes) => stdin.write(bytes, "latin1"), close });
    });
  });
}

/** The helper's first line names the terminal. */
function onPath(stdout: Readable, found: (path: string) => void): void {
  let heard = "";
  const listen = (bytes: Buffer) => {
    heard += bytes.toString("latin1");
    const path = /pty:(\/dev\/\S+)\r?\n/.exec(heard)?.[1];
    if (path === undefined) return;
    stdout.off("data", listen);
    found(path);
  };
  stdout.on("data", listen);
}
