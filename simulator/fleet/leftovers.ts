// What a supervisor that died without stopping its services left behind, and that only one supervisor at a time
// uses a state directory.
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Complaint } from "./complaint.ts";
import type { Places } from "./places.ts";
import { identityOf, isAlive, isCode, type ProcessIdentity, signalGroup } from "./process-identity.ts";

export interface LockHolder extends ProcessIdentity {
  portOffset: number;
  startedAtMs: number;
}

export function pidPathOf(places: Places, service: string): string {
  return join(places.run, `${service}.pid`);
}

/** The supervisor that uses this state directory, if one lives. */
export function livingSupervisor(places: Places): LockHolder | undefined {
  const holder = readIdentity(places.lock);
  return holder && isAlive(holder) ? holder : undefined;
}

/** Throws a Complaint while a supervisor uses this state directory. */
export function refuseIfRunning(places: Places): void {
  const other = livingSupervisor(places);
  if (other)
    throw new Complaint(
      `a fleet already runs with state ${places.state} (process ${other.pid}): see it with \`ev ps\`, stop it with \`ev down\`, or run a second one with --state DIR --port-offset N`,
    );
}

/** Takes the state directory for this process; the returned function gives it back. Throws a Complaint. */
export function takeLock(places: Places, portOffset: number): () => void {
  const self = identityOf(process.pid);
  if (!self) throw new Error("this process cannot find itself in /proc");
  const mine = `${places.lock}.${process.pid}`;
  const holder: LockHolder = { ...self, portOffset, startedAtMs: Date.now() };
  writeFileSync(mine, JSON.stringify(holder), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      try {
        linkSync(mine, places.lock);
        return () => rmSync(places.lock, { force: true });
      } catch (error) {
        if (!isCode(error, "EEXIST")) throw error;
      }
      refuseIfRunning(places);
      setAside(places.lock, `${mine}.stale`);
    }
  } finally {
    rmSync(mine, { force: true });
  }
  throw new Complaint(`${places.lock} changes hands too fast: run the command again`);
}

/** Moves a dead supervisor's lock away; moved back when it turns out to be a living one's. */
export function setAside(lock: string, aside: string): void {
  try {
    renameSync(lock, aside);
  } catch (error) {
    if (isCode(error, "ENOENT")) return;
    throw error;
  }
  const moved = readIdentity(aside);
  if (moved && isAlive(moved)) renameSync(aside, lock);
  else rmSync(aside, { force: true });
}

/** Ends services that a dead supervisor left running: SIGTERM, then SIGKILL `withinMs` later. Returns their names. */
export async function removeLeftovers(places: Places, withinMs = 5_000): Promise<string[]> {
  mkdirSync(places.run, { recursive: true });
  const found: { name: string; process: ProcessIdentity }[] = [];
  for (const file of readdirSync(places.run)) {
    if (!file.endsWith(".pid")) continue;
    const path = join(places.run, file);
    const process = readIdentity(path);
    if (process && isAlive(process)) found.push({ name: basename(file, ".pid"), process });
    else rmSync(path, { force: true });
  }
  for (const { process } of found) {
    signalGroup(process.pid, "SIGTERM");
    signalGroup(process.pid, "SIGCONT"); // one that was paused hears it too
  }
  const until = Date.now() + withinMs;
  while (found.some(({ process }) => isAlive(process)) && Date.now() < until) await delay(50);
  for (const { name, process } of found) {
    signalGroup(process.pid, "SIGKILL");
    rmSync(pidPathOf(places, name), { force: true });
  }
  while (found.some(({ process }) => isAlive(process))) await delay(20);
  return found.map(({ name }) => name);
}

function readIdentity(path: string): LockHolder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return isHolder(value) ? value : undefined;
  } catch (error) {
    // A file cut short by a power failure names nobody.
    if (isCode(error, "ENOENT") || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Process files lack the supervisor's own fields; nobody reads them there. */
function isHolder(value: unknown): value is LockHolder {
  return (
    typeof value === "object" &&
    value !== null &&
    "pid" in value &&
    typeof value.pid === "number" &&
    "started" in value &&
    typeof value.started === "string"
  );
}
