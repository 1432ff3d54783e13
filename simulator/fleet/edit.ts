// Changes the fleet's files as a whole or not at all, one command at a time.
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Complaint } from "./complaint.ts";
import { readFleet, readFleetAsItIs, writeFleet, writeJson } from "./fleet-files.ts";
import type { CpFile, DriverFile, Fleet } from "./fleet-schemas.ts";
import { setAside } from "./leftovers.ts";
import type { Places } from "./places.ts";
import { identityOf, isAlive, isCode, type ProcessIdentity } from "./process-identity.ts";

const patienceMs = 10_000;

/**
 * Runs `edit` with the fleet as its files say (the base fleet is written first where there are none), while no other
 * command edits. Throws a Complaint when another one does not end.
 */
export async function editFleet<T>(
  places: Places,
  edit: (fleet: Fleet) => T | Promise<T>,
  read: (dir: string) => Fleet = readFleet,
): Promise<T> {
  mkdirSync(places.state, { recursive: true });
  return withLock(join(places.state, "edit.lock"), async () => edit(read(places.fleet)));
}

/** What waits in this process for each lock file: the file keeps processes apart, this their own turns. */
const turns = new Map<string, Promise<unknown>>();

/** Runs `act` while nobody else holds this lock file. Throws a Complaint when another process does not end. */
export async function withLock<T>(lock: string, act: () => T | Promise<T>): Promise<T> {
  const before = turns.get(lock) ?? Promise.resolve();
  const turn = before.then(() => holding(lock, act));
  const over = turn.catch(() => {}); // told to whoever asked for it
  turns.set(lock, over);
  try {
    return await turn;
  } finally {
    if (turns.get(lock) === over) turns.delete(lock);
  }
}

async function holding<T>(lock: string, act: () => T | Promise<T>): Promise<T> {
  await takeLock(lock);
  try {
    return await act();
  } finally {
    rmSync(lock, { force: true });
  }
}

async function takeLock(lock: string): Promise<void> {
  const mine = `${lock}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(identityOf(process.pid)), { mode: 0o600 });
  try {
    const until = performance.now() + patienceMs;
    for (;;) {
      try {
        linkSync(mine, lock);
        return;
      } catch (error) {
        if (!isCode(error, "EEXIST")) throw error;
      }
      const holder = holderOf(lock);
      if (holder && !isAlive(holder)) setAside(lock, `${mine}.stale`);
      else if (performance.now() > until)
        throw new Complaint(
          `another command is changing the fleet's files (process ${holder?.pid ?? "unknown"}): try again when it has ended`,
        );
      else await delay(50);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

function holderOf(lock: string): ProcessIdentity | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(lock, "utf8"));
    if (typeof value !== "object" || value === null || !("pid" in value) || !("started" in value))
      return undefined;
    const { pid, started } = value;
    return typeof pid === "number" && typeof started === "string" ? { pid, started } : undefined;
  } catch (error) {
    if (isCode(error, "ENOENT") || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export interface Members {
  cps: readonly CpFile[];
  drivers: readonly DriverFile[];
}

export const idsOf = ({ cps, drivers }: Members): string[] => [
  ...cps.map(({ cp_id }) => cp_id),
  ...drivers.map(({ driver_id }) => driver_id),
];

/** The editable file of a charge point or driver. */
export function memberPath(places: Places, id: string): string {
  return join(places.fleet, `${id}.json`);
}

/** Where the file of a removed one lies. */
export function removedPath(places: Places, id: string): string {
  return join(places.state, "removed", `${id}.json`);
}

/** Writes these new files; when one cannot be written or the fleet would be invalid, none is. Throws a Complaint. */
export function addMembers(places: Places, members: Members): void {
  const written: string[] = [];
  try {
    for (const member of [...members.cps, ...members.drivers]) {
      const path = memberPath(places, "cp_id" in member ? member.cp_id : member.driver_id);
      if (existsSync(path)) throw new Complaint(`${path} exists already`);
      written.push(path);
      writeJson(path, member);
    }
    readFleetAsItIs(places.fleet);
  } catch (error) {
    for (const path of written) rmSync(path, { force: true });
    throw error;
  }
}

/** Moves these files away, so that a removal can be undone by hand. */
export function removeMembers(places: Places, ids: readonly string[]): void {
  mkdirSync(join(places.state, "removed"), { recursive: true });
  for (const id of ids) renameSync(memberPath(places, id), removedPath(places, id));
}

/** Makes the files say exactly this fleet. */
export function replaceFleet(places: Places, before: Fleet, after: Fleet): void {
  const kept = new Set(idsOf(after));
  removeMembers(
    places,
    idsOf(before).filter((id) => !kept.has(id)),
  );
  writeFleet(places.fleet, after);
}

/** Deletes the data of one that was removed; its file moved away too. */
export function forgetMember(places: Places, id: string): void {
  rmSync(join(places.data, id), { recursive: true, force: true });
  if (existsSync(removedPath(places, id))) unlinkSync(removedPath(places, id));
}
