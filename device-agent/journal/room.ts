// Room on the disk kept back for what must be written: starts, answers and ends of sessions.
//
// 1. It is given to the first urgent commit that finds the disk full; from then on nothing else is written until
//    there was room to keep it back again, else meter samples would eat what the next end needs.
// 2. Beside the file it is a file of its own; a file that is bounded in bytes has pages beyond its bound instead.
import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";

const reserveBytes = 1_048_576;
/** Pages of SQLite's default size. */
const pageBytes = 4096;

export interface Room {
  /** True while the room is kept back; takes it back when the disk allows it again. */
  kept(): boolean;
  /** For what must be written now. */
  give(): void;
}

/** Makes the reserve of a database file; `maxBytes` bounds the database below what the disk would take. */
export function roomOf(path: string, db: DatabaseSync, maxBytes?: number): Room {
  const reserve = `${path}.reserve`;
  let given = false;

  function boundTo(bytes: number): void {
    if (maxBytes !== undefined) db.exec(`PRAGMA max_page_count=${Math.ceil(bytes / pageBytes)}`);
  }

  function fitsBound(): boolean {
    if (maxBytes === undefined) return true;
    const pages = (name: string) => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0] as number;
    return (pages("page_count") - pages("freelist_count")) * pageBytes < maxBytes - reserveBytes / 16;
  }

  function keep(): boolean {
    if (path !== ":memory:" && !existsSync(reserve) && !writeReserve(reserve)) return false;
    boundTo(maxBytes ?? 0);
    return true;
  }

  given = !keep();
  return {
    kept() {
      if (given) given = !(fitsBound() && keep());
      return !given;
    },
    give() {
      given = true;
      rmSync(reserve, { force: true });
      boundTo((maxBytes ?? 0) + reserveBytes);
    },
  };
}

/** Gives the room of a database that cannot even be opened for want of space; false when that is not why. */
export function giveRoomOf(path: string): boolean {
  if (!existsSync(`${path}.reserve`) || freeBytesBeside(path) >= reserveBytes / 4) return false;
  rmSync(`${path}.reserve`);
  return true;
}

/** Bytes free on the disk that holds the file. */
export function freeBytesBeside(path: string): number {
  const { bavail, bsize } = statfsSync(dirname(path));
  return bavail * bsize;
}

/** False when the disk has no room for it and as much again. */
function writeReserve(path: string): boolean {
  if (freeBytesBeside(path) < reserveBytes * 2) return false;
  const file = openSync(path, "w");
  try {
    writeSync(file, Buffer.alloc(reserveBytes, 1));
    fsyncSync(file);
    return true;
  } catch (error) {
    // Somebody else was faster with the last of the room.
    rmSync(path, { force: true });
    if (error instanceof Error && "code" in error && error.code === "ENOSPC") return false;
    throw error;
  } finally {
    closeSync(file);
  }
}
