// The log of a partition on a real disk: what a crash may leave, what damage may do, what retention may take.
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { errors } from "../../../../../simulator/brokers/kafka/codec/errors.ts";
import { isIntact, readHead } from "../../../../../simulator/brokers/kafka/log/batch.ts";
import {
  type Checkpoint,
  type LogSettings,
  PartitionLog,
} from "../../../../../simulator/brokers/kafka/log/partition-log.ts";
import { type BatchOptions, batchOf } from "../../../../contracts/event-log.wire.ts";

const forEver: LogSettings = { retentionMs: -1, retentionBytes: -1, segmentBytes: 1e6 };
let folder: string;
let warnings: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ev-log-"));
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("recovery", () => {
  for (const checkpointed of [false, true])
    test(`${checkpointed ? "from a checkpoint" : "without a checkpoint"} keeps all before a batch torn at any byte`, () => {
      const log = open("whole");
      append(log, ["a", "b"]);
      append(log, ["c"]);
      const checkpoint = checkpointed ? log.checkpoint().state : undefined;
      append(log, ["d", "e"], { producerId: 5 });
      const acknowledgedBytes = sizeOf("whole");
      append(log, ["f", "g", "h"], { producerId: 5, sequence: 2 });
      log.close();
      for (let size = acknowledgedBytes; size <= sizeOf("whole"); size++) {
        cpSync(join(folder, "whole"), join(folder, "torn"), { recursive: true });
        truncateSync(file("torn"), size);
        const isWhole = size === sizeOf("whole");
        const torn = open("torn", forEver, checkpoint);
        expect(torn.nextOffset).toBe(isWhole ? 8 : 5);
        expect(sizeOf("torn")).toBe(isWhole ? size : acknowledgedBytes);
        // The producer sends again what was not acknowledged, and the next after it.
        const again = append(torn, ["f", "g", "h"], { producerId: 5, sequence: 2 });
        expect(again).toEqual({ is: isWhole ? "duplicate" : "appended", baseOffset: 5 });
        expect(append(torn, ["i"])).toEqual({ is: "appended", baseOffset: 8 });
        expect(contentOf(torn)).toEqual(["ab", "c", "de", "fgh", "i"]);
        torn.close();
        rmSync(join(folder, "torn"), { recursive: true });
      }
      expect(warnings).toHaveLength(sizeOf("whole") - acknowledgedBytes - 1);
    });

  test("cuts off zeros, which a file system may leave after a crash", () => {
    const log = open("zeros");
    append(log, ["a"]);
    log.close();
    appendFileSync(file("zeros"), Buffer.alloc(5_000));
    const again = open("zeros");
    expect(append(again, ["b"])).toEqual({ is: "appended", baseOffset: 1 });
    expect(contentOf(again)).toEqual(["a", "b"]);
    again.close();
  });

  test("reads the whole file when it is shorter than its checkpoint says", () => {
    const log = open("short");
    append(log, ["a"]);
    const oneBatchBytes = sizeOf("short");
    append(log, ["b"]);
    const { state } = log.checkpoint();
    log.close();
    truncateSync(file("short"), oneBatchBytes + 20);
    const again = open("short", forEver, state);
    expect([again.nextOffset, contentOf(again)]).toEqual([1, ["a"]]);
    again.close();
  });

  test("remembers producers, those of the checkpoint and those after it", () => {
    const log = open("producers");
    append(log, ["a", "b"], { producerId: 7 });
    const { state } = log.checkpoint();
    append(log, ["c", "d"], { producerId: 7, sequence: 2 });
    append(log, ["e"], { producerId: 8, epoch: 2 });
    log.close();
    for (const checkpoint of [undefined, state]) {
      const again = open("producers", forEver, checkpoint);
      const write = (options: BatchOptions) => append(again, ["x", "y"], options);
      expect(write({ producerId: 7 })).toEqual({ is: "duplicate", baseOffset: 0 });
      expect(write({ producerId: 7, sequence: 2 })).toEqual({ is: "duplicate", baseOffset: 2 });
      expect(write({ producerId: 7, sequence: 6 })).toEqual({
        is: "refused",
        error: errors.outOfOrderSequence,
      });
      expect(write({ producerId: 8, epoch: 1 })).toEqual({
        is: "refused",
        error: errors.invalidProducerEpoch,
      });
      again.close();
    }
  });

  test("goes on in the newest of several segments, and knows the older ones", () => {
    const small = { ...forEver, segmentBytes: 150 };
    const log = open("many", small);
    for (const value of ["a", "b", "c", "d", "e"]) append(log, [value]);
    log.close();
    expect(segments("many").length).toBeGreaterThan(2);
    const again = open("many", small);
    append(again, ["f"]);
    expect(contentOf(again)).toEqual(["a", "b", "c", "d", "e", "f"]);
    expect(warnings).toEqual([]);
    again.close();
  });

  test("puts segments after a hole aside instead of joining what does not follow", () => {
    const small = { ...forEver, segmentBytes: 100 };
    const log = open("hole", small);
    for (const value of ["a", "b", "c"]) append(log, [value]);
    log.close();
    rmSync(join(folder, "hole", segments("hole")[1] ?? ""));
    const again = open("hole", small);
    expect(append(again, ["x"])).toEqual({ is: "appended", baseOffset: 1 });
    expect(contentOf(again)).toEqual(["a", "x"]);
    expect(warnings.join()).toContain("put aside");
    again.close();
  });
});

describe("a byte that the disk has changed", () => {
  test("is never served: what is before it is read, its batch is an error that is told once", () => {
    const log = open("disk");
    append(log, ["a"]);
    const from = sizeOf("disk");
    append(log, ["b", "c"]);
    const to = sizeOf("disk");
    append(log, ["d"]);
    const { state } = log.checkpoint();
    log.close();
    const whole = readFileSync(file("disk"));
    for (let at = from; at < to; at++) {
      // Base offset and leader epoch lie outside the check sum; the length, format and all after them do not.
      if (at < from + 8 || (at >= from + 12 && at < from + 16)) continue;
      warnings = [];
      writeFileSync(file("disk"), changed(whole, at));
      const again = open("disk", forEver, state);
      expect(recordsAt(again, 0)).toEqual(["a"]);
      expect(again.read(1, 1e6)).toEqual({ is: "damaged" });
      again.read(1, 1e6);
      expect(warnings).toHaveLength(1);
      again.close();
    }
  });

  test("ends what recovery takes over when it was not yet checkpointed", () => {
    const log = open("disk");
    append(log, ["a"]);
    const from = sizeOf("disk");
    append(log, ["b"]);
    append(log, ["c"]);
    log.close();
    writeFileSync(file("disk"), changed(readFileSync(file("disk")), from + 65));
    const again = open("disk");
    expect(contentOf(again)).toEqual(["a"]);
    expect(again.nextOffset).toBe(1);
    expect(warnings.join()).toContain("cut");
    again.close();
  });
});

describe("retention", () => {
  const segmentOf = { segmentBytes: 100 };

  test("by age drops old segments only, and the log goes on where it was", () => {
    const log = open("old", { ...forEver, ...segmentOf, retentionMs: 1_000 });
    for (const [value, timestampMs] of [
      ["a", 1_000],
      ["b", 2_000],
      ["c", 9_500],
      ["d", 10_000],
    ] as const)
      append(log, [value], { timestampMs });
    expect(log.retain(10_000)).toBe(2);
    expect([log.startOffset, log.nextOffset]).toEqual([2, 4]);
    expect(contentOf(log)).toEqual(["c", "d"]);
    expect(log.read(1, 1e6)).toEqual({ is: "out-of-range" });
    expect(log.retain(10_000)).toBe(0);
    expect(log.retain(60_000)).toBe(2);
    expect(append(log, ["e"])).toEqual({ is: "appended", baseOffset: 4 });
    expect(contentOf(log)).toEqual(["e"]);
    log.close();
  });

  test("by size keeps at least what was promised", () => {
    const log = open("big", { ...forEver, ...segmentOf, retentionBytes: 200 });
    for (const value of ["a", "b", "c", "d", "e", "f"]) append(log, [value]);
    log.retain(Date.now());
    const kept = segments("big").reduce(
      (sum, name) => sum + readFileSync(join(folder, "big", name)).length,
      0,
    );
    expect(kept).toBeGreaterThanOrEqual(200);
    expect(contentOf(log).join("")).toMatch(/^.*ef$/);
    expect(log.startOffset).toBeGreaterThan(0);
    log.close();
  });

  test("of -1 keeps everything", () => {
    const log = open("ever", { ...forEver, ...segmentOf });
    for (const value of ["a", "b", "c"]) append(log, [value], { timestampMs: 0 });
    expect(log.retain(Number.MAX_SAFE_INTEGER)).toBe(0);
    expect(contentOf(log)).toEqual(["a", "b", "c"]);
    log.close();
  });
});

test("an append that the disk refuses half-way leaves nothing behind, and smaller ones go on", () => {
  const script = `
    import { PartitionLog } from ${JSON.stringify(modulePath("simulator/brokers/kafka/log/partition-log.ts"))};
    import { readHead } from ${JSON.stringify(modulePath("simulator/brokers/kafka/log/batch.ts"))};
    import { batchOf } from ${JSON.stringify(modulePath("test/contracts/event-log.wire.ts"))};
    const log = new PartitionLog(process.argv[1], ${JSON.stringify(forEver)});
    const append = (value) => {
      const batch = batchOf([value]);
      return log.append(batch, readHead(batch, 0)).baseOffset;
    };
    append("a");
    try { append("x".repeat(10_000)); } catch (error) { console.log(error.code, append("b")); }`;
  // The limit of a file's size stands for a full disk: the write comes back short, the next one fails.
  const command = 'ulimit -f 4; exec "$0" --input-type=module -e "$1" "$2"';
  const log = join(folder, "full");
  const { stdout, stderr } = spawnSync("sh", ["-c", command, process.execPath, script, log], {
    encoding: "utf8",
  });
  expect([stdout, stderr]).toEqual(["EFBIG 1\n", ""]);
  const again = open("full");
  expect(contentOf(again)).toEqual(["a", "b"]);
  expect(warnings).toEqual([]);
  again.close();
});

test("a file large enough for many index entries is read from any offset and any time", () => {
  const log = open("large");
  for (let i = 0; i < 1_000; i++) append(log, ["x".repeat(50), "y"], { timestampMs: 1_000_000 + i });
  const { state } = log.checkpoint();
  log.close();
  for (const checkpoint of [undefined, state]) {
    const again = open("large", forEver, checkpoint);
    for (const offset of [0, 1, 1_777, 1_998, 1_999]) {
      const found = again.read(offset, 1);
      expect(found.is === "records" && readHead(found.records, 0)?.baseOffset).toBe(offset - (offset % 2));
    }
    expect(again.firstAt(1_000_234)).toEqual({ offset: 468, timestampMs: 1_000_234 });
    expect(again.firstAt(0)?.offset).toBe(0);
    expect(again.firstAt(1_001_000)).toBeUndefined();
    again.close();
  }
});

function modulePath(fromRoot: string): string {
  return join(import.meta.dirname, "../../../../..", fromRoot);
}

function open(name: string, settings = forEver, checkpoint?: Checkpoint): PartitionLog {
  return new PartitionLog(join(folder, name), settings, checkpoint, (what) => warnings.push(what));
}

function append(log: PartitionLog, values: readonly string[], options: BatchOptions = {}) {
  const batch = batchOf(values, options);
  const head = readHead(batch, 0);
  if (!head) throw new Error("no batch");
  return log.append(batch, head);
}

/** The values of each batch from the beginning to the end, checking that their offsets follow each other. */
function contentOf(log: PartitionLog): string[] {
  const all: string[] = [];
  for (let offset = log.startOffset; offset < log.nextOffset; ) {
    const found = log.read(offset, 1);
    if (found.is !== "records") throw new Error(`offset ${offset} is ${found.is}`);
    const head = readHead(found.records, 0);
    if (head?.baseOffset !== offset) throw new Error(`offset ${offset} holds ${head?.baseOffset}`);
    all.push(...valuesOf(found.records));
    offset += head.lastOffsetDelta + 1;
  }
  return all;
}

function recordsAt(log: PartitionLog, offset: number): string[] {
  const found = log.read(offset, 1e6);
  return found.is === "records" ? valuesOf(found.records) : [];
}

/** The values of each batch, joined; they are single letters, which nothing else in these batches is. */
function valuesOf(batches: Buffer): string[] {
  const all: string[] = [];
  let rest = batches;
  for (let head = readHead(rest, 0); head; head = readHead(rest, 0)) {
    const batch = rest.subarray(0, head.sizeBytes);
    expect(isIntact(batch)).toBe(true);
    all.push(batch.toString("latin1", 61).replace(/[^a-z]/g, ""));
    rest = rest.subarray(head.sizeBytes);
  }
  expect(rest).toHaveLength(0);
  return all;
}

function changed(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x10;
  return copy;
}

function segments(name: string): string[] {
  return readdirSync(join(folder, name))
    .filter((one) => one.endsWith(".log"))
    .sort();
}

function file(name: string): string {
  return join(folder, name, segments(name)[0] ?? "");
}

function sizeOf(name: string): number {
  return readFileSync(file(name)).length;
}
