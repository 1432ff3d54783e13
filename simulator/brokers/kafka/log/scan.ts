// Walks the batches of a log file through a reading window.
import { readSync } from "node:fs";
import { type BatchHead, headBytes, isIntact, readHead } from "./batch.ts";

const windowBytes = 256 * 1024;

export interface Scanned {
  head: BatchHead;
  /** Where the batch begins in the file. */
  position: number;
  /** The whole batch when its check sum was asked for, else empty. Valid until the next step. */
  batch: Buffer;
}

/**
 * The batches from `from` up to `to`, ending quietly at the first one that is not whole. With `verify` each batch
 * is also read and its check sum compared.
 */
export function* scan(fd: number, from: number, to: number, verify: boolean): Generator<Scanned, void> {
  let window: Buffer = Buffer.alloc(0);
  let windowAt = from;
  const view = (position: number, length: number): Buffer => {
    if (position + length > windowAt + window.length) {
      window = readAt(fd, position, Math.min(to - position, Math.max(windowBytes, length)));
      windowAt = position;
    }
    return window.subarray(position - windowAt, position - windowAt + length);
  };
  let position = from;
  while (position + headBytes <= to) {
    const head = readHead(view(position, headBytes), 0);
    if (!head || position + head.sizeBytes > to) return;
    const batch = verify ? view(position, head.sizeBytes) : window.subarray(0, 0);
    if (verify && !isIntact(batch)) return;
    yield { head, position, batch };
    position += head.sizeBytes;
  }
}

/** Exactly `length` bytes at `position`, fewer only at the end of the file. */
export function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let got = 0;
  while (got < length) {
    const read = readSync(fd, bytes, got, length - got, position + got);
    if (read === 0) break;
    got += read;
  }
  return bytes.subarray(0, got);
}
