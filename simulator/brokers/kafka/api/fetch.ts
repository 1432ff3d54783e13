// Fetch: whole batches from each partition; when there is less than the client wants, the request waits for appends
// until its time is over. No fetch sessions: the session id answered is always 0.
import { type ErrorCode, errors } from "../codec/errors.ts";
import { MalformedRequest, type Reader } from "../codec/reader.ts";
import type { PartitionLog } from "../log/partition-log.ts";
import type { Api, Body, Broker, Call } from "./api.ts";

interface Wanted {
  name: string;
  partitions: { partition: number; offset: number; maxBytes: number }[];
}

interface Request {
  maxWaitMs: number;
  minBytes: number;
  maxBytes: number;
  sessionId: number;
  topics: Wanted[];
}

interface Part {
  partition: number;
  error: ErrorCode;
  highWatermark: number;
  startOffset: number;
  records: Buffer;
}

interface Found {
  topics: { name: string; parts: Part[] }[];
  bytes: number;
  hasError: boolean;
}

export const fetch: Api = {
  key: 1,
  name: "Fetch",
  least: 4,
  most: 11,
  async handle(reader, call, { topics }) {
    const request = read(reader, call.version);
    if (request.sessionId !== 0) return body(call.version, [], errors.fetchSessionIdNotFound);
    const enough = Math.min(request.minBytes, request.maxBytes);
    const found = collect(request, topics);
    if (found.bytes >= enough || found.hasError || request.maxWaitMs <= 0)
      return body(call.version, found.topics);
    await arrival(request, topics, enough - found.bytes, call);
    return body(call.version, collect(request, topics).topics);
  },
};

function read(reader: Reader, version: number): Request {
  reader.int32(); // replica id
  const maxWaitMs = reader.int32();
  const minBytes = reader.int32();
  const maxBytes = reader.int32();
  reader.int8(); // isolation level: without transactions both see the same
  const sessionId = version >= 7 ? reader.int32() : 0;
  if (version >= 7) reader.int32(); // session epoch
  const topics = reader.array((r) => ({
    name: r.string(),
    partitions: r.array((p) => {
      const partition = p.int32();
      if (version >= 9) p.int32(); // leader epoch
      const offset = p.int64();
      if (version >= 5) p.int64(); // the follower's start offset
      return { partition, offset, maxBytes: p.int32() };
    }),
  }));
  if (maxBytes < 0) throw new MalformedRequest(`fetch of ${maxBytes} bytes`);
  return { maxWaitMs, minBytes, maxBytes, sessionId, topics };
}

function collect(request: Request, topics: Broker["topics"]): Found {
  let bytes = 0;
  let hasError = false;
  const found = request.topics.map(({ name, partitions }) => ({
    name,
    parts: partitions.map(({ partition, offset, maxBytes }) => {
      // The first batch of an answer is given whole however large it is, or a client could never get past it.
      const room = Math.min(maxBytes, request.maxBytes - bytes);
      const part = partOf(
        topics.log(name, partition),
        partition,
        offset,
        bytes === 0 ? Math.max(1, room) : room,
      );
      if (bytes > 0 && part.records.length > room) part.records = Buffer.alloc(0);
      bytes += part.records.length;
      if (part.error !== errors.none) hasError = true;
      return part;
    }),
  }));
  return { topics: found, bytes, hasError };
}

function partOf(log: PartitionLog | undefined, partition: number, offset: number, room: number): Part {
  const nothing = { partition, highWatermark: -1, startOffset: -1, records: Buffer.alloc(0) };
  if (!log) return { ...nothing, error: errors.unknownTopicOrPartition };
  const { startOffset, nextOffset: highWatermark } = log;
  const known = { partition, error: errors.none, highWatermark, startOffset, records: nothing.records };
  if (room <= 0) return known;
  const found = log.read(offset, room);
  switch (found.is) {
    case "records":
      return { ...known, records: found.records };
    case "out-of-range":
      return { ...known, error: errors.offsetOutOfRange };
    case "damaged":
      return { ...known, error: errors.corruptMessage };
  }
}

/** Resolves when `bytes` more have arrived, the time is over, or the client has gone. */
function arrival(request: Request, topics: Broker["topics"], bytes: number, call: Call): Promise<void> {
  return new Promise((resolve) => {
    let missing = bytes;
    const undo: (() => void)[] = [];
    const end = () => {
      for (const one of undo) one();
      resolve();
    };
    const timer = setTimeout(end, request.maxWaitMs);
    undo.push(() => clearTimeout(timer), call.onClose(end));
    for (const { name, partitions } of request.topics)
      for (const { partition } of partitions) {
        const log = topics.log(name, partition);
        if (!log) continue;
        undo.push(
          log.onAppend((arrived) => {
            missing -= arrived;
            if (missing <= 0) end();
          }),
        );
      }
  });
}

function body(version: number, found: Found["topics"], error: ErrorCode = errors.none): Body {
  return (writer) => {
    writer.int32(0);
    if (version >= 7) writer.int16(error).int32(0);
    writer.array(found, ({ name, parts }) => {
      writer.string(name).array(parts, ({ partition, error, highWatermark, startOffset, records }) => {
        writer.int32(partition).int16(error).int64(highWatermark).int64(highWatermark);
        if (version >= 5) writer.int64(startOffset);
        writer.int32(0); // aborted transactions
        if (version >= 11) writer.int32(-1);
        writer.bytes(records);
      });
    });
  };
}
