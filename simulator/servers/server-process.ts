// A server as a process of its own group: its log in a file, its process number in another, so that a later command
// finds and ends it.
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import * as z from "zod";
import { Complaint } from "../fleet/complaint.ts";
import { identityOf, isAlive, type ProcessIdentity, signalGroup } from "../fleet/process-identity.ts";

export interface ServerCommand {
  /** Names its files in the folder: `<name>.pid`, `<name>.log`. */
  name: string;
  folder: string;
  program: string;
  args: readonly string[];
  env?: Record<string, string>;
  toInstall: string;
  /** True: it outlives this process. False: it is killed when this process exits. */
  lasting: boolean;
}

const pollMs = 20;
const Pid = z.object({ pid: z.number().int(), started: z.string() });

/** Starts it; resolves once the process exists. Throws a Complaint when the program is not there. */
export async function startServer(command: ServerCommand): Promise<ProcessIdentity> {
  const log = openSync(logPath(command), "a");
  const child = spawn(command.program, [...command.args], {
    cwd: command.folder,
    env: { ...process.env, ...command.env },
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) =>
      reject(new Complaint(`${command.program} cannot be run (${error.message}): ${command.toInstall}`)),
    );
  });
  const pid = child.pid ?? 0;
  // One that has ended already has no start; the number alone then means nobody.
  const identity = identityOf(pid) ?? { pid, started: "ended" };
  writeFileSync(pidPath(command), `${JSON.stringify(identity)}\n`);
  child.unref();
  if (!command.lasting) {
    const killWithUs = () => signalGroup(pid, "SIGKILL");
    process.on("exit", killWithUs);
    child.once("exit", () => process.off("exit", killWithUs));
  }
  return identity;
}

/** The server that a pid file speaks of; undefined when it runs no more. */
export function runningServer(folder: string, name: string): ProcessIdentity | undefined {
  const path = pidPath({ folder, name });
  if (!existsSync(path)) return undefined;
  const parsed = Pid.safeParse(parsedOrNull(readFileSync(path, "utf8")));
  return parsed.success && isAlive(parsed.data) ? parsed.data : undefined;
}

/** Resolves when it is gone: after `signal`, or after SIGKILL when it takes longer than the bound. */
export async function endServer(
  { folder, name }: { folder: string; name: string },
  signal: "SIGTERM" | "SIGKILL",
  withinMs = 10_000,
): Promise<void> {
  const server = runningServer(folder, name);
  if (server) {
    signalGroup(server.pid, signal);
    const patient = performance.now() + withinMs;
    while (isAlive(server)) {
      if (performance.now() > patient) signalGroup(server.pid, "SIGKILL");
      await pause(pollMs);
    }
  }
  rmSync(pidPath({ folder, name }), { force: true });
}

/** Waits until `isReady`; throws a Complaint with the end of the log when the process ends or the time is over. */
export async function whenReady(
  server: { folder: string; name: string; title: string; identity: ProcessIdentity },
  isReady: () => Promise<boolean>,
  withinMs: number,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    if (await isReady()) return;
    const isOver = performance.now() > deadline;
    if (isAlive(server.identity) && !isOver) {
      await pause(pollMs * 2);
      continue;
    }
    const why = isOver ? `does not answer after ${withinMs / 1_000} s` : "ended before it was ready";
    await endServer(server, "SIGKILL");
    throw new Complaint(`${server.title} ${why}; the end of ${logPath(server)}:\n${logTail(server)}`);
  }
}

export function logPath({ folder, name }: { folder: string; name: string }): string {
  return join(folder, `${name}.log`);
}

function pidPath({ folder, name }: { folder: string; name: string }): string {
  return join(folder, `${name}.pid`);
}

function logTail(server: { folder: string; name: string }): string {
  return readFileSync(logPath(server), "utf8").trim().split("\n").slice(-12).join("\n");
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
