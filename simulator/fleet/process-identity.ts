// Tells whether a process number still means the process that it meant: the kernel reuses numbers, so a process
// is known by its number, the tick at which it started and the boot that counts those ticks.
import { readFileSync } from "node:fs";

export interface ProcessIdentity {
  pid: number;
  started: string;
}

let boot: string | undefined;

/** The start of a living process, or undefined when there is none (a zombie counts as none). */
export function startOf(pid: number): string | undefined {
  try {
    boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the name in parentheses and may hold anything; count from its end.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : `${boot}:${fields[19]}`;
  } catch (error) {
    if (isCode(error, "ENOENT") || isCode(error, "ESRCH")) return undefined;
    throw error;
  }
}

export function identityOf(pid: number): ProcessIdentity | undefined {
  const started = startOf(pid);
  return started === undefined ? undefined : { pid, started };
}

export function isAlive(process: ProcessIdentity): boolean {
  return startOf(process.pid) === process.started;
}

/** Resident memory in bytes; null when the process is gone. */
export function residentBytes(pid: number): number | null {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
    return pages * 4096;
  } catch (error) {
    if (isCode(error, "ENOENT") || isCode(error, "ESRCH")) return null;
    throw error;
  }
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** Signals a process and everything in its group; false when none is left. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  return signalProcess(-pid, signal);
}

/** Signals this process alone; false when it is gone. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    // EPERM: the number belongs to somebody else by now.
    if (isCode(error, "ESRCH") || isCode(error, "EPERM")) return false;
    throw error;
  }
}
