// A Produce request's topics as bytes: record batches of format 2, in one pass over the records. kafkajs makes an
// object, several buffers and a list of bytes per record for the same bytes, which is two thirds of what a produce
// costs. Pure; test/wire/kafka holds it equal to kafkajs byte by byte.
//
// 1. Nothing is compressed, no transaction, no producer id: producer.ts wants none of them.
import { crc32c } from "./crc32c.ts";
import type { OutRecord } from "./port.ts";

export interface PartitionRecords {
  partition: number;
  /** At least one. */
  records: readonly OutRecord[];
}

export interface TopicRecords {
  topic: string;
  partitions: readonly PartitionRecords[];
}

export interface ProduceBody {
  acks: number;
  timeoutMs: number;
  topics: readonly TopicRecords[];
  /** Time stamp of records that have none, milliseconds. */
  nowMs: number;
  /** Upper bound of the whole, bytes. */
  atMostBytes: number;
}

/** Fixed cost of a record on the wire beside key, value and headers, generously. */
const recordOverheadBytes = 64;
const headerBytes = 61;
/** From the start of a batch: what the checksum covers begins here. */
const checkedFrom = 21;

/** Upper bound of what the record takes on the wire, bytes. */
export function recordBytes({ key, value, headers }: OutRecord): number {
  let bytes = recordOverheadBytes + Buffer.byteLength(key);
  bytes += typeof value === "string" ? Buffer.byteLength(value) : value.byteLength;
  if (headers === undefined) return bytes;
  for (const name of Object.keys(headers))
    bytes += 8 + Buffer.byteLength(name) + Buffer.byteLength(headers[name] ?? "");
  return bytes;
}

/** Upper bound of what is around the records of a topic and its partitions, bytes. */
export function topicBytes({ topic, partitions }: TopicRecords): number {
  return 8 + 3 * topic.length + partitions.length * (headerBytes + 16);
}

/** The body of a Produce request, versions 3 to 8. */
export function encodeProduce({ acks, timeoutMs, topics, nowMs, atMostBytes }: ProduceBody): Buffer {
  const bytes = Buffer.allocUnsafe(atMostBytes);
  let at = bytes.writeInt16BE(-1, 0);
  at = bytes.writeInt16BE(acks, at);
  at = bytes.writeInt32BE(timeoutMs, at);
  at = bytes.writeInt32BE(topics.length, at);
  for (const { topic, partitions } of topics) {
    const length = bytes.write(topic, at + 2);
    bytes.writeInt16BE(length, at);
    at = bytes.writeInt32BE(partitions.length, at + 2 + length);
    for (const { partition, records } of partitions) {
      at = bytes.writeInt32BE(partition, at);
      const end = putBatch(bytes, at + 4, records, nowMs);
      bytes.writeInt32BE(end - at - 4, at);
      at = end;
    }
  }
  return bytes.subarray(0, at);
}

/** Writes one batch and answers where it ends. */
function putBatch(bytes: Buffer, from: number, records: readonly OutRecord[], nowMs: number): number {
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = 0;
  for (const { timestampMs = nowMs } of records) {
    if (timestampMs < firstMs) firstMs = timestampMs;
    if (timestampMs > lastMs) lastMs = timestampMs;
  }
  let at = from + headerBytes;
  for (let i = 0; i < records.length; i++) {
    const record = records[i];
    if (record) at = putRecord(bytes, at, record, i, (record.timestampMs ?? nowMs) - firstMs);
  }
  bytes.fill(0, from, from + headerBytes);
  bytes.writeInt32BE(at - from - 12, from + 8);
  bytes[from + 16] = 2; // format
  bytes.writeInt32BE(records.length - 1, from + 23); // offset of the last
  putInt64(bytes, from + 27, firstMs);
  putInt64(bytes, from + 35, lastMs);
  bytes.fill(0xff, from + 43, from + 51); // no producer id
  bytes.writeInt32BE(records.length, from + 57);
  bytes.writeUInt32BE(crc32c(bytes, from + checkedFrom, at), from + 17);
  return at;
}

function putRecord(bytes: Buffer, from: number, record: OutRecord, index: number, deltaMs: number): number {
  const { key, value, headers } = record;
  const keyLength = Buffer.byteLength(key);
  const text = typeof value === "string";
  const valueLength = text ? Buffer.byteLength(value) : value.byteLength;
  const names = headers === undefined ? noNames : Object.keys(headers);
  let length =
    1 +
    varintBytes(deltaMs) +
    varintBytes(index) +
    varintBytes(keyLength) +
    keyLength +
    varintBytes(valueLength) +
    valueLength +
    varintBytes(names.length);
  for (const name of names) length += textBytes(name) + textBytes(headers?.[name] ?? "");

  let at = putVarint(bytes, from, length);
  bytes[at++] = 0; // attributes: none are defined
  at = putVarint(bytes, at, deltaMs);
  at = putVarint(bytes, at, index);
  at = putVarint(bytes, at, keyLength);
  at += bytes.write(key, at);
  at = putVarint(bytes, at, valueLength);
  if (text) at += bytes.write(value, at);
  else {
    bytes.set(value, at);
    at += valueLength;
  }
  at = putVarint(bytes, at, names.length);
  for (const name of names) {
    at = putText(bytes, at, name);
    at = putText(bytes, at, headers?.[name] ?? "");
  }
  return at;
}

const noNames: readonly string[] = [];

function textBytes(text: string): number {
  const length = Buffer.byteLength(text);
  return varintBytes(length) + length;
}

function putText(bytes: Buffer, at: number, text: string): number {
  const start = putVarint(bytes, at, Buffer.byteLength(text));
  return start + bytes.write(text, start);
}

function putInt64(bytes: Buffer, at: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  bytes.writeInt32BE(high, at);
  bytes.writeUInt32BE(value - high * 0x1_0000_0000, at + 4);
}

/** Zigzag, then seven bits a byte; for whole numbers that are exact in a double. Never negative here. */
function putVarint(bytes: Buffer, from: number, value: number): number {
  let at = from;
  let rest = value * 2;
  while (rest >= 0x8000_0000) {
    bytes[at++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  while (rest >= 128) {
    bytes[at++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value * 2; rest >= 128; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}
