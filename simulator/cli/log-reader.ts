// Reads service logs: what is there, the older part included, and what comes, across the turn to a new file.
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { isCode } from "../fleet/process-identity.ts";

/** The lines of a log, oldest first; at most the last `tail` when given. */
export function readLines(path: string, tail: number | undefined): string[] {
  const newer = linesOf(path);
  if (tail !== undefined && newer.length >= tail) return tail === 0 ? [] : newer.slice(-tail);
  const all = [...linesOf(`${path}.1`), ...newer];
  return tail === undefined ? all : all.slice(-tail);
}

function linesOf(path: string): string[] {
  try {
    const lines = readFileSync(path, "utf8").split("\n");
    if (lines.at(-1) === "") lines.pop();
    return lines;
  } catch (error) {
    if (isCode(error, "ENOENT")) return [];
    throw error;
  }
}

export interface Follower {
  /** The whole lines that were added since the last call. */
  more(): string[];
  close(): void;
}

/** Follows from the file's present end. A file that does not exist yet is followed from its beginning. */
export function follow(path: string): Follower {
  let fd = openIfThere(path);
  let offset = fd === undefined ? 0 : fstatSync(fd).size;
  let partial = "";
  const block = Buffer.alloc(65_536);
  const drain = (): string => {
    let text = "";
    for (;;) {
      const count = fd === undefined ? 0 : readSync(fd, block, 0, block.length, offset);
      if (count === 0) return text;
      offset += count;
      text += block.toString("utf8", 0, count);
    }
  };
  const turned = (): boolean => {
    if (fd === undefined) return true;
    try {
      return statSync(path).ino !== fstatSync(fd).ino;
    } catch (error) {
      if (isCode(error, "ENOENT")) return false;
      throw error;
    }
  };
  return {
    more() {
      let text = drain();
      if (turned()) {
        if (fd !== undefined) closeSync(fd);
        fd = openIfThere(path);
        offset = 0;
        text += drain();
      }
      const lines = (partial + text).split("\n");
      partial = lines.pop() ?? "";
      return lines;
    },
    close() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
