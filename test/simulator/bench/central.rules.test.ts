// What Central's benchmark counts: each figure must be of what its name says.
import { describe, expect, it } from "vitest";
import type { Write } from "../../../central-fn/tables/port.ts";
import { keys } from "../../../central-fn/tables/rows.ts";
import { benchFleet } from "../../../simulator/bench/central.fleet.ts";
import {
  addCommit,
  median,
  naivePublishBytes,
  noWrites,
  publishBytes,
  readingsIn,
  rowsPerReading,
} from "../../../simulator/bench/central.rules.ts";
import { parseEnvelope } from "../../../wire/messages/index.ts";

const put = (key: Write["key"]): Write => ({ do: "put", key, value: {}, expect: "any" });
const cp = "CP-00001";

describe("table writes", () => {
  it("are counted by purpose, and rows that are only checked are none", () => {
    const writes = noWrites();
    addCommit(writes, [put(keys.feeds(3))]);
    addCommit(writes, [put(keys.cp(cp)), put(keys.transition(cp, 1, 1))]);
    addCommit(writes, [put(keys.live(cp)), put(keys.live("CP-00002"))]);
    const check: Write = { do: "check", key: keys.feeds(0), expect: 1 };
    addCommit(writes, [put(keys.cp(cp)), put(keys.session("driver-1", `S-${cp}-1`)), check]);
    expect(writes).toEqual({
      liveness: { commits: 2, rows: 3 },
      meter: { commits: 1, rows: 2 },
      sessions: { commits: 1, rows: 2 },
    });
    expect(rowsPerReading(writes, 100)).toBe(0.05);
  });
});

describe("bytes on the wire", () => {
  const fleet = benchFleet(2);
  const { session } = fleet.request(cp, Date.now());
  const message = (readings: number) => fleet.meter(cp, session, readings, Date.now());

  it("are those of a packet with its topic, and 60 readings in columns take a fifteenth of 60 messages", () => {
    // Fixed header 1 + 1, topic 2 + 29, packet id 2, payload 5: "ev/v1/NN/CP-00001/engine/events".
    const shard = publishBytes(cp, "12345") - (2 + 2 + "ev/v1//CP-00001/engine/events".length + 2 + 5);
    expect([1, 2]).toContain(shard);
    const columns = String(message(60).value);
    expect(naivePublishBytes(columns) / publishBytes(cp, columns)).toBeGreaterThan(15);
  });

  it("of one reading in columns are about those of one with names: the gain is in the sixty", () => {
    const one = String(message(1).value);
    expect(publishBytes(cp, one) / naivePublishBytes(one)).toBeCloseTo(1, 1);
    expect(readingsIn(message(7))).toBe(7);
    expect(readingsIn(fleet.status(cp, Date.now()))).toBe(0);
  });
});

it("every message of the fleet is one that devices send", () => {
  const fleet = benchFleet(1);
  const { session } = fleet.request(cp, Date.now());
  const records = [
    fleet.register(cp, Date.now()),
    fleet.hello(cp, Date.now()),
    fleet.status(cp, Date.now()),
    fleet.meter(cp, session, 60, Date.now()),
    fleet.applied(session, Date.now()),
    fleet.started(session, Date.now()),
    fleet.ended(session, Date.now()),
    fleet.unplugged(session, Date.now()),
  ];
  for (const { value } of records) expect(parseEnvelope(Buffer.from(String(value))).ok).toBe(true);
});

it("a median is the middle one", () => {
  expect(median([3, 1, 2])).toBe(2);
});
