// The monitor's own durable memory: which journal its numbers belong to, and how often it has started.

import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import * as z from "zod";
import { JournalId, parseJson } from "../../wire/messages/index.ts";
import { errorText, type Log } from "../../wire/process/log.ts";

const Stored = z.object({ journal: JournalId, epoch: z.number().int().min(0) });
type Stored = z.infer<typeof Stored>;

/**
 * Raises the epoch and answers it once it is on the disk. A missing or damaged file begins a new journal. Throws
 * when the disk does not take it: without a durable epoch nothing may be published.
 */
export function raiseEpoch(path: string, log: Log): Stored {
  const before = read(path, log) ?? { journal: randomId(), epoch: 0 };
  const raised = { ...before, epoch: before.epoch + 1 };
  mkdirSync(dirname(path), { recursive: true });
  const making = `${path}.new`;
  writeDurably(making, JSON.stringify(raised));
  renameSync(making, path);
  syncFolder(dirname(path));
  return raised;
}

function read(path: string, log: Log): Stored | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new Error(`state file ${path}: ${errorText(error)}`);
  }
  const parsed = parseJson(Stored, text);
  if (parsed.ok) return parsed.value;
  log.warn(`state file ${path} is damaged (${parsed.reason}): beginning a new journal`);
  return undefined;
}

/** From the kernel: Node's crypto module would cost this small process 4 MB for one number in its life. */
function randomId(): string {
  return readFileSync("/proc/sys/kernel/random/uuid", "utf8").trim();
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, "w", 0o640);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
