// The log of one partition: segments on disk, appended to by idempotence rules, read from any offset, shortened by
// retention, recovered after a crash from its last checkpoint.
//
// 1. An append that returned is in the file; offsets are gapless.
// 2. The file after the checkpoint is checked batch by batch at the start; a torn tail is cut off.
// 3. What is read is what was written: a batch that the disk has damaged is an error, never data. (kafkajs does not
//    compare check sums.)
import { mkdirSync, readdirSync, renameSync } from "node:fs";
import type { ErrorCode } from "../codec/errors.ts";
import { type BatchHead, place, type Stamped } from "./batch.ts";
import { judge, type ProducerState, remember } from "./producer-rules.ts";
import { Segment } from "./segment.ts";

export interface LogSettings {
  /** -1: for ever. */
  retentionMs: number;
  /** -1: without limit. */
  retentionBytes: number;
  segmentBytes: number;
}

/** Where recovery may begin, and what it would otherwise have to read everything for. */
export interface Checkpoint {
  base: number;
  position: number;
  next: number;
  maxTimestampMs: number;
  /** Base offset and newest time stamp of each finished segment. */
  sealed: [number, number][];
  producers: [number, ProducerState][];
}

export type Appended =
  | { is: "appended" | "duplicate"; baseOffset: number }
  | { is: "refused"; error: ErrorCode };

export type Read =
  | { is: "records"; records: Buffer }
  /** The log does not reach there. */
  | { is: "out-of-range" }
  /** The disk no longer holds what was written there. */
  | { is: "damaged" };

/** Idempotent producers remembered per partition; the one silent for longest is forgotten first. */
const mostProducers = 200;

export class PartitionLog {
  readonly settings: LogSettings;
  readonly #folder: string;
  #segments: Segment[] = [];
  #next = 0;
  #producers = new Map<number, ProducerState>();
  readonly #listeners = new Set<(bytes: number) => void>();
  /** Finished since the last checkpoint was taken. */
  #unsynced: string[] = [];
  readonly #warn: (what: string) => void;
  /** The damage told of last: consumers ask for it again and again. */
  #damagedAt = -1;
  /** Appended to since the last checkpoint was taken. */
  dirty = false;

  /** Opens or makes the log; `warn` hears what recovery had to cut and what cannot be read. */
  constructor(
    folder: string,
    settings: LogSettings,
    checkpoint?: Checkpoint,
    warn: (what: string) => void = () => {},
  ) {
    this.#folder = folder;
    this.settings = settings;
    this.#warn = warn;
    mkdirSync(folder, { recursive: true });
    const bases = readdirSync(folder).flatMap((name) => Segment.baseOf(name) ?? []);
    for (const base of bases.sort((a, b) => a - b)) this.#segments.push(new Segment(folder, base));
    if (this.#segments.length === 0) this.#segments.push(new Segment(folder, checkpoint?.next ?? 0));
    this.#recover(checkpoint);
  }

  get startOffset(): number {
    return this.#segments[0]?.baseOffset ?? 0;
  }

  get nextOffset(): number {
    return this.#next;
  }

  get #active(): Segment {
    const active = this.#segments.at(-1);
    if (!active) throw new Error(`${this.#folder}: no segment`);
    return active;
  }

  /** Writes a verified batch at the end. Throws when the disk refuses. */
  append(batch: Buffer, head: BatchHead): Appended {
    const idempotent = head.producerId >= 0;
    const known = idempotent ? this.#producers.get(head.producerId) : undefined;
    const verdict = judge(known, head);
    if (verdict.is !== "new") return verdict;
    if (this.#active.sizeBytes > 0 && this.#active.sizeBytes + batch.length > this.settings.segmentBytes)
      this.#roll();
    const baseOffset = this.#next;
    place(batch, baseOffset);
    this.#active.append(batch, { ...head, baseOffset });
    this.#next += head.lastOffsetDelta + 1;
    this.#learn(head, baseOffset);
    this.dirty = true;
    for (const listener of this.#listeners) listener(batch.length);
    return { is: "appended", baseOffset };
  }

  /** Whole batches from the one that holds `offset`. */
  read(offset: number, maxBytes: number): Read {
    if (offset < this.startOffset || offset > this.#next) return { is: "out-of-range" };
    if (offset === this.#next) return { is: "records", records: Buffer.alloc(0) };
    const segment = this.#segments.findLast((one) => one.baseOffset <= offset);
    const records = segment?.read(offset, maxBytes);
    if (records) return { is: "records", records };
    if (this.#damagedAt !== offset)
      this.#warn(
        `${segment?.path ?? this.#folder}: damaged at offset ${offset}, which cannot be read any more`,
      );
    this.#damagedAt = offset;
    return { is: "damaged" };
  }

  firstAt(timestampMs: number): Stamped | undefined {
    for (const segment of this.#segments) {
      if (segment.newestMs() < timestampMs) continue;
      const found = segment.firstAt(timestampMs);
      if (found) return found;
    }
    return undefined;
  }

  /** Calls `listener` with the bytes of each append until the returned function is called. */
  onAppend(listener: (bytes: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Drops whole segments that are too old or too much; returns how many. */
  retain(nowMs: number): number {
    const { retentionMs, retentionBytes } = this.settings;
    const isOld = (segment: Segment) => retentionMs >= 0 && segment.newestMs() < nowMs - retentionMs;
    if (this.#active.sizeBytes > 0 && isOld(this.#active)) this.#roll();
    let bytes = this.#segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
    let dropped = 0;
    while (this.#segments.length > 1) {
      const oldest = this.#segments[0];
      if (!oldest) break;
      const tooMuch = retentionBytes >= 0 && bytes - oldest.sizeBytes >= retentionBytes;
      if (!tooMuch && !isOld(oldest)) break;
      oldest.remove();
      this.#segments.shift();
      bytes -= oldest.sizeBytes;
      dropped += 1;
    }
    return dropped;
  }

  /** Where the next recovery may begin, once `files` have been forced to disk. */
  checkpoint(): { state: Checkpoint; files: string[] } {
    const files = [...this.#unsynced, this.#active.path];
    this.dirty = false;
    this.#unsynced = [];
    const state: Checkpoint = {
      base: this.#active.baseOffset,
      position: this.#active.sizeBytes,
      next: this.#next,
      maxTimestampMs: this.#active.newestMs(),
      sealed: this.#segments.slice(0, -1).map((segment) => [segment.baseOffset, segment.newestMs()]),
      producers: [...this.#producers],
    };
    return { state, files };
  }

  /** Closes the file; whoever waits for an append is woken. */
  close(): void {
    this.#active.seal();
    for (const listener of this.#listeners) listener(Number.POSITIVE_INFINITY);
  }

  #roll(): void {
    const next = new Segment(this.#folder, this.#next);
    next.open();
    this.#unsynced.push(this.#active.path);
    this.#active.seal();
    this.#segments.push(next);
  }

  #learn(head: BatchHead, baseOffset: number): void {
    if (head.producerId < 0) return;
    const state = remember(this.#producers.get(head.producerId), head, baseOffset);
    this.#producers.delete(head.producerId);
    this.#producers.set(head.producerId, state);
    const oldest = this.#producers.keys().next().value;
    if (this.#producers.size > mostProducers && oldest !== undefined) this.#producers.delete(oldest);
  }

  #recover(checkpoint: Checkpoint | undefined): void {
    const newestOf = new Map(checkpoint?.sealed);
    const last = this.#segments.length - 1;
    this.#next = this.startOffset;
    for (const [i, segment] of this.#segments.entries()) {
      if (checkpoint && segment.baseOffset < checkpoint.base) {
        segment.maxTimestampMs = newestOf.get(segment.baseOffset);
        segment.measure();
        this.#next = this.#segments[i + 1]?.baseOffset ?? checkpoint.next;
        continue;
      }
      if (segment.baseOffset !== this.#next && i > 0) return this.#putAside(i);
      segment.open();
      const trusted = checkpoint?.base === segment.baseOffset && checkpoint.position <= segment.sizeBytes;
      if (trusted) {
        segment.maxTimestampMs = checkpoint.maxTimestampMs;
        this.#producers = new Map(checkpoint.producers);
      }
      const found = (head: BatchHead) => this.#learn(head, head.baseOffset);
      const { next, cutBytes } = trusted
        ? segment.recover(checkpoint.position, checkpoint.next, found)
        : segment.recover(0, segment.baseOffset, found);
      this.#next = next;
      if (cutBytes > 0)
        this.#warn(
          `${segment.path}: cut a torn tail of ${cutBytes} bytes, the log goes on at offset ${next}`,
        );
      if (i < last) segment.seal();
    }
  }

  /** Segments after a hole can only come from a damaged disk: they are kept, outside of the log. */
  #putAside(from: number): void {
    for (const segment of this.#segments.splice(from)) {
      renameSync(segment.path, `${segment.path}.aside`);
      this.#warn(`${segment.path}: does not continue the log at offset ${this.#next}, put aside`);
    }
    this.#active.open();
  }
}
