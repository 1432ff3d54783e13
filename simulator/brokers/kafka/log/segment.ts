// One file of a partition's log: whole batches one after the other, with a sparse index in memory that is built only
// when somebody reads where it does not reach yet. A write that returned is in the page cache: it outlives the
// process, though not the machine.
import { closeSync, fstatSync, ftruncateSync, openSync, statSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type BatchHead, firstRecordAt, intactBytes, isIntact, type Stamped } from "./batch.ts";
import { readAt, type Scanned, scan } from "./scan.ts";

const indexEveryBytes = 4096;

interface IndexEntry {
  offset: number;
  position: number;
  /** Newest time stamp of everything before this entry. */
  maxBeforeMs: number;
}

export class Segment {
  readonly baseOffset: number;
  readonly path: string;
  sizeBytes = 0;
  /** Newest time stamp in it; undefined until somebody needs it (a sealed file found at the start). */
  maxTimestampMs: number | undefined;
  #fd: number | undefined;
  #index: IndexEntry[] = [];

  constructor(folder: string, baseOffset: number) {
    this.baseOffset = baseOffset;
    this.path = join(folder, `${String(baseOffset).padStart(20, "0")}.log`);
  }

  static baseOf(fileName: string): number | undefined {
    return /^\d{20}\.log$/.test(fileName) ? Number(fileName.slice(0, 20)) : undefined;
  }

  /** Opens the file for appending, making it when it is missing. */
  open(): void {
    this.#fd = openSync(this.path, "a+");
    this.sizeBytes = fstatSync(this.#fd).size;
  }

  /** Learns the size of a file that is not going to be appended to. */
  measure(): void {
    this.sizeBytes = statSync(this.path).size;
  }

  /** No more appends; the file is opened for each read from now on. */
  seal(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  remove(): void {
    this.seal();
    unlinkSync(this.path);
  }

  /** Throws when the disk refuses; the file then is as before. */
  append(batch: Buffer, head: BatchHead): void {
    const fd = this.#fd;
    if (fd === undefined) throw new Error(`append to sealed ${this.path}`);
    try {
      let written = 0;
      while (written < batch.length) written += writeSync(fd, batch, written);
    } catch (error) {
      ftruncateSync(fd, this.sizeBytes);
      throw error;
    }
    this.#note(head, this.sizeBytes);
    this.sizeBytes += batch.length;
  }

  /**
   * Takes what is whole from `position` on, where offset `next` must begin, and cuts the rest off. Returns the
   * offset after the last whole batch and how many bytes were cut.
   */
  recover(
    position: number,
    next: number,
    found: (head: BatchHead) => void,
  ): { next: number; cutBytes: number } {
    const fd = this.#fd;
    if (fd === undefined) throw new Error(`recovery of sealed ${this.path}`);
    let end = position;
    let offset = next;
    for (const { head, position: at } of scan(fd, position, this.sizeBytes, true)) {
      if (head.baseOffset !== offset) break;
      this.#note(head, at);
      found(head);
      end = at + head.sizeBytes;
      offset += head.lastOffsetDelta + 1;
    }
    const cutBytes = this.sizeBytes - end;
    if (cutBytes > 0) ftruncateSync(fd, end);
    this.sizeBytes = end;
    return { next: offset, cutBytes };
  }

  /**
   * Whole batches from the one that holds `offset`, at most `maxBytes` unless the first alone is larger; undefined
   * when the file no longer holds what was written there.
   */
  read(offset: number, maxBytes: number): Buffer | undefined {
    return this.#withFile((fd) => {
      let start = -1;
      let end = -1;
      for (const { head, position } of this.#from(fd, (entry) => entry.offset <= offset)) {
        if (head.baseOffset + head.lastOffsetDelta < offset) continue;
        const after = position + head.sizeBytes;
        if (start < 0) start = position;
        else if (after - start > maxBytes) break;
        end = after;
      }
      if (start < 0) return undefined;
      const batches = readAt(fd, start, end - start);
      const sound = intactBytes(batches);
      return sound > 0 ? batches.subarray(0, sound) : undefined;
    });
  }

  /** The first record at or after a time, if this segment has one. */
  firstAt(timestampMs: number): Stamped | undefined {
    return this.#withFile((fd) => {
      for (const { head, position } of this.#from(fd, (entry) => entry.maxBeforeMs < timestampMs)) {
        if (head.maxTimestampMs < timestampMs) continue;
        const batch = readAt(fd, position, head.sizeBytes);
        if (!isIntact(batch)) return { offset: head.baseOffset, timestampMs: head.baseTimestampMs };
        const found = firstRecordAt(batch, head, timestampMs);
        if (found) return found;
      }
      return undefined;
    });
  }

  /** Newest time stamp in it, reading the file when that is not known yet; -1 when it is empty. */
  newestMs(): number {
    if (this.maxTimestampMs === undefined) this.#withFile((fd) => this.#buildIndex(fd));
    return this.maxTimestampMs ?? -1;
  }

  /** Batches from the last index entry that fits; the condition holds for a prefix of the entries. */
  #from(fd: number, fits: (entry: IndexEntry) => boolean): Iterable<Scanned> {
    const first = this.#index[0];
    if (first?.position !== 0 && !(first && fits(first))) this.#buildIndex(fd);
    const entry = this.#index.findLast(fits);
    return scan(fd, entry?.position ?? 0, this.sizeBytes, false);
  }

  #buildIndex(fd: number): void {
    this.#index = [];
    this.maxTimestampMs = undefined;
    for (const { head, position } of scan(fd, 0, this.sizeBytes, false)) this.#note(head, position);
  }

  #note(head: BatchHead, position: number): void {
    const newest = this.#index.at(-1);
    if (!newest || position - newest.position >= indexEveryBytes)
      this.#index.push({ offset: head.baseOffset, position, maxBeforeMs: this.maxTimestampMs ?? -1 });
    this.maxTimestampMs = Math.max(this.maxTimestampMs ?? -1, head.maxTimestampMs);
  }

  #withFile<T>(use: (fd: number) => T): T {
    if (this.#fd !== undefined) return use(this.#fd);
    const fd = openSync(this.path, "r");
    try {
      return use(fd);
    } finally {
      closeSync(fd);
    }
  }
}
