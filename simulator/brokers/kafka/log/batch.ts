// The record batch (format 2): its fixed head, and what a broker may touch. Records stay opaque, but for their time
// stamps when somebody asks for the first offset at or after a time.
import { gunzipSync } from "node:zlib";
import { crc32c } from "../../../../wire/kafka/crc32c.ts";

/** Bytes before the first record. */
export const headBytes = 61;

export interface BatchHead {
  baseOffset: number;
  /** Of the whole batch, head included. */
  sizeBytes: number;
  attributes: number;
  lastOffsetDelta: number;
  baseTimestampMs: number;
  maxTimestampMs: number;
  /** -1: the producer is not idempotent. */
  producerId: number;
  producerEpoch: number;
  baseSequence: number;
  records: number;
}

export function magicOf(bytes: Buffer): number | undefined {
  return bytes[16];
}

/** The head at `at`; undefined when too few bytes are there, or they cannot be a batch. */
export function readHead(bytes: Buffer, at: number): BatchHead | undefined {
  if (at + headBytes > bytes.length || bytes[at + 16] !== 2) return undefined;
  const head: BatchHead = {
    baseOffset: int64(bytes, at),
    sizeBytes: bytes.readInt32BE(at + 8) + 12,
    attributes: bytes.readInt16BE(at + 21),
    lastOffsetDelta: bytes.readInt32BE(at + 23),
    baseTimestampMs: int64(bytes, at + 27),
    maxTimestampMs: int64(bytes, at + 35),
    producerId: int64(bytes, at + 43),
    producerEpoch: bytes.readInt16BE(at + 51),
    baseSequence: bytes.readInt32BE(at + 53),
    records: bytes.readInt32BE(at + 57),
  };
  return head.sizeBytes < headBytes || head.lastOffsetDelta < 0 ? undefined : head;
}

/** Whether a whole batch is what its producer wrote: the check sum covers everything from the attributes on. */
export function isIntact(batch: Buffer): boolean {
  return batch.readUInt32BE(17) === crc32c(batch, 21, batch.length);
}

/** How many bytes from the beginning are whole batches with the right check sum. */
export function intactBytes(batches: Buffer): number {
  let at = 0;
  for (let head = readHead(batches, at); head; head = readHead(batches, at)) {
    const end = at + head.sizeBytes;
    if (end > batches.length || !isIntact(batches.subarray(at, end))) break;
    at = end;
  }
  return at;
}

/** Gives the batch its place in the log. Offset and leader epoch lie outside the check sum. */
export function place(batch: Buffer, baseOffset: number): void {
  batch.writeInt32BE(Math.floor(baseOffset / 2 ** 32), 0);
  batch.writeUInt32BE(baseOffset >>> 0, 4);
  batch.writeInt32BE(0, 12);
}

export function isTransactional(head: BatchHead): boolean {
  return (head.attributes & 0x30) !== 0;
}

export interface Stamped {
  offset: number;
  timestampMs: number;
}

/** The first record at or after a time; the batch's first record when its codec is not known here. */
export function firstRecordAt(batch: Buffer, head: BatchHead, timestampMs: number): Stamped | undefined {
  const codec = head.attributes & 7;
  const first: Stamped = { offset: head.baseOffset, timestampMs: head.baseTimestampMs };
  if (codec > 1) return first;
  const body = batch.subarray(headBytes);
  const records = codec === 1 ? gunzipSync(body) : body;
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    let shift = 0n;
    for (;;) {
      const byte = records[at++];
      if (byte === undefined) return 0;
      value |= BigInt(byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) break;
      shift += 7n;
    }
    return Number((value >> 1n) ^ -(value & 1n));
  };
  while (at < records.length) {
    const length = varint();
    const next = at + length;
    at += 1; // record attributes
    const stamped = { timestampMs: head.baseTimestampMs + varint(), offset: head.baseOffset + varint() };
    if (stamped.timestampMs >= timestampMs) return stamped;
    if (length <= 0) break;
    at = next;
  }
  return undefined;
}

function int64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
