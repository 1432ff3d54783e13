// The batch entry with the awaiting interpreter: partial failures, poison, and two copies of the handler.
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createHandler, type MskEvent } from "../../../central-fn/on-event/batch.ts";
import { handleRecords } from "../../../central-fn/on-event/consume.ts";
import type { KafkaRecord } from "../../../central-fn/on-event/dead-letters.ts";
import { TableUnavailable } from "../../../central-fn/tables/port.ts";
import { type CpRow, type InboxRow, keys, type SessionRow } from "../../../central-fn/tables/rows.ts";
import type { OutRecord } from "../../../wire/kafka/port.ts";
import type { Log } from "../../../wire/process/log.ts";
import { type MemoryTable, memoryTable } from "../../support/memory-table.ts";
import { alice, bob, cp, endedBody, newSid, partitions, Story, startMs } from "./story.ts";

function mskEvent(...batches: KafkaRecord[][]): MskEvent {
  const records: MskEvent["records"] = {};
  for (const batch of batches)
    for (const record of batch) {
      const name = `${record.topic}-${record.partition}`;
      records[name] = [
        ...(records[name] ?? []),
        {
          topic: record.topic,
          partition: record.partition,
          offset: record.offset,
          timestamp: record.timestampMs,
          timestampType: "CREATE_TIME",
          ...(record.key !== undefined && { key: record.key }),
          value: Buffer.from(record.value).toString("base64"),
          headers: [],
        },
      ];
    }
  return { eventSource: "aws:kafka", records };
}

function central(table: MemoryTable) {
  const sent: OutRecord[] = [];
  const lines: string[] = [];
  const say = (what: string) => {
    lines.push(what);
  };
  const log: Log = { debug() {}, info: say, warn: say, error: say };
  const producer = {
    async send(records: readonly OutRecord[]) {
      await nextTurn();
      sent.push(...records);
    },
  };
  const handler = createHandler({ table, producer, partitions, log, nowMs: () => startMs });
  return { handler, sent, lines, producer };
}

/** A story told in records only, all of them in the log, none processed. */
function ready(): { story: Story; greeting: KafkaRecord[] } {
  const story = new Story();
  const greeting = [story.register(), story.hello(), story.status("OK")];
  return { story, greeting };
}

describe("a batch", () => {
  it("reports the first record that is not done and leaves the rest of that partition, while others go on", async () => {
    const { story, greeting } = ready();
    const table = memoryTable();
    const { handler } = central(table);
    await handler(mskEvent(greeting));
    const [first, second, third] = [1, 2, 3].map(() => story.connector());
    if (!first || !second || !third) throw new Error("three events were made");
    const favorite = story.record("driver.requests", {
      v: 1,
      type: "favorite",
      driver: alice,
      cp,
      on: true,
      requestedAt: startMs,
    });
    let commits = 0;
    table.beforeCommit = (writes) => {
      if (writes.some((write) => write.key.sk === cp) && ++commits > 1)
        throw new TableUnavailable("throttled");
    };
    const response = await handler(mskEvent([first, second, third], [favorite]));
    expect(response.batchItemFailures).toEqual([
      { itemIdentifier: { partition: `cp.events-${first.partition}`, offset: second.offset } },
    ]);
    expect(table.getNow(keys.driver(alice))?.value).toMatchObject({ favorites: [cp] });
    table.beforeCommit = undefined;
    expect(await handler(mskEvent([second, third]))).toEqual({ batchItemFailures: [] });
    expect(table.getNow<CpRow>(keys.cp(cp))?.value.marks).toMatchObject([{ mark: 4, window: [] }]);
  });

  it("reports everything from a command on that Kafka did not take, and the second reading publishes it", async () => {
    const { story, greeting } = ready();
    const table = memoryTable();
    const one = central(table);
    await one.handler(mskEvent(greeting));
    const sid = newSid();
    const start = story.record("driver.requests", {
      v: 1,
      type: "start",
      sid,
      driver: alice,
      cp,
      vehicleId: "V",
      requestedAt: startMs,
      expiresAt: startMs + 60_000,
    });
    const send = one.producer.send;
    one.producer.send = async () => {
      throw new Error("the producer was closed first");
    };
    const response = await one.handler(mskEvent([start]));
    expect(response.batchItemFailures).toHaveLength(1);
    expect(table.queryNow("dead-letters")).toEqual([]);
    one.producer.send = send;
    one.sent.length = 0;
    expect(await one.handler(mskEvent([start]))).toEqual({ batchItemFailures: [] });
    expect(one.sent.map((record) => record.topic)).toEqual(["central.commands"]);
    expect(one.sent[0]).toMatchObject({ key: cp, partition: start.partition });
  });

  it("buries what does not parse, by topic and reason, and goes on", async () => {
    const { story, greeting } = ready();
    const table = memoryTable();
    const { handler, sent, lines } = central(table);
    const raw = (text: string): KafkaRecord => ({
      ...story.record("cp.events", 0),
      value: Buffer.from(text),
    });
    const poison = [
      raw("{"),
      story.event("session.ended", { sid: "nonsense" }),
      story.event("unheard-of", {}),
      story.event("meter", { w: [] }),
      story.event("status", { engine: "MAYBE" }),
      story.record("driver.requests", { v: 1, type: "start" }),
      story.record("operator.requests", { v: 1, type: "explode" }),
    ];
    const after = story.connector();
    const response = await handler(mskEvent(greeting, poison, [after]));
    expect(response).toEqual({ batchItemFailures: [] });
    expect(table.queryNow("dead-letters")).toHaveLength(poison.length);
    const letters = sent.filter((record) => record.topic === "dead-letters");
    expect(new Set(letters.map((record) => record.key)).size).toBe(poison.length);
    expect(lines.some((line) => line.startsWith("ALERT"))).toBe(true);
    expect(table.getNow<CpRow>(keys.cp(cp))?.value.marks[0]?.window).toHaveLength(1);
    await handler(mskEvent(poison));
    expect(table.queryNow("dead-letters")).toHaveLength(poison.length);
  });

  it("buries a record on which a handler breaks, so that the bills behind it are written", async () => {
    const { story, greeting } = ready();
    const table = memoryTable();
    const { handler, lines } = central(table);
    await handler(mskEvent(greeting));
    const first = story.connector();
    const second = story.connector();
    let broken = false;
    table.beforeCommit = () => {
      if (broken) return;
      broken = true;
      throw new TypeError("a bug");
    };
    expect(await handler(mskEvent([first, second]))).toEqual({ batchItemFailures: [] });
    expect(table.queryNow("dead-letters")).toHaveLength(1);
    expect(lines.some((line) => line.includes("a handler broke"))).toBe(true);
    expect(table.getNow<CpRow>(keys.cp(cp))?.value.marks[0]?.window).toHaveLength(1);
  });
});

describe("charge points of one partition", () => {
  const cps = Array.from({ length: 24 }, (_, i) => `CP-${String(i + 1).padStart(3, "0")}`);
  /** In one partition, whatever the hash says: what counts here is their order in it. */
  const inOrder = (story: Story, of: readonly string[]): KafkaRecord[] =>
    of.map((id, offset) => {
      const record = story.connector({}, { cp: id, journal: `aaaaaaaa-${id.slice(3)}1` });
      return { ...record, key: id, partition: 0, offset };
    });
  const markOf = (table: MemoryTable, id: string) =>
    table.getNow<CpRow>(keys.cp(id))?.value.marks[0]?.mark ?? 0;

  it("are worked off side by side, each in its order", async () => {
    const table = memoryTable();
    const { handler } = central(table);
    let [begun, most] = [0, 0];
    const commit = table.commit.bind(table);
    const seen: string[] = [];
    table.commit = async (writes) => {
      begun += 1;
      most = Math.max(most, begun);
      await nextTurn();
      begun -= 1;
      const result = await commit(writes);
      if (result.is === "done") seen.push(`${writes[0]?.key.sk}:${markOf(table, writes[0]?.key.sk ?? "")}`);
      return result;
    };
    const records = inOrder(new Story(), [...cps, ...cps, ...cps]);
    expect(await handler(mskEvent(records))).toEqual({ batchItemFailures: [] });
    expect(most).toBeGreaterThan(8);
    for (const id of cps)
      expect(seen.filter((one) => one.startsWith(id))).toEqual([`${id}:1`, `${id}:2`, `${id}:3`]);
  });

  it("that nobody has begun when another fails later in the partition come again too", async () => {
    const table = memoryTable();
    const { handler } = central(table);
    // Sixteen are begun at once, and each of them comes again after the eight that wait.
    const records = inOrder(new Story(), [...cps, ...cps.slice(0, 16)]);
    let commits = 0;
    table.beforeCommit = () => {
      commits += 1;
      if (commits === 17) throw new TableUnavailable("throttled");
    };
    const { batchItemFailures } = await handler(mskEvent(records));
    expect(batchItemFailures[0]?.itemIdentifier.offset).toBe(16);
    expect(cps.filter((id) => markOf(table, id) === 0)).toEqual(cps.slice(16));
  });

  it("lose nothing wherever the table fails: what is reported is never behind what is not done", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 23 }), { minLength: 40, maxLength: 100 }),
        fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 5 }),
        async (order, failing) => {
          const table = memoryTable();
          const { handler } = central(table);
          const records = inOrder(
            new Story(),
            order.map((n) => cps[n] ?? ""),
          );
          const failures = [...failing];
          let untilFailure = failures.shift();
          table.beforeCommit = () => {
            if (untilFailure === undefined) return;
            if (untilFailure-- > 0) return;
            untilFailure = failures.shift();
            throw new TableUnavailable("throttled");
          };
          let rest = records;
          for (let tries = 0; rest.length > 0; tries++) {
            expect(tries).toBeLessThan(10);
            const { batchItemFailures } = await handler(mskEvent(rest));
            const from = batchItemFailures[0]?.itemIdentifier.offset;
            rest = from === undefined ? [] : records.filter(({ offset }) => offset >= from);
          }
          for (const [n, id] of cps.entries())
            expect(markOf(table, id)).toBe(order.filter((one) => one === n).length);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("the consumer's batch", () => {
  const records = [5, 7, 8].map((offset) => ({
    topic: "cp.events",
    partition: 3,
    offset: String(offset),
    timestampMs: 1,
    key: cp,
    value: Buffer.from("x"),
    headers: { trace: "t" },
  }));
  const failing = (offset: number) => async () => ({
    batchItemFailures: [{ itemIdentifier: { partition: "cp.events-3", offset } }],
  });

  it("is committed up to the last record before the first that failed", async () => {
    expect(await handleRecords(async () => ({ batchItemFailures: [] }), records)).toBe("8");
    expect(await handleRecords(failing(8), records)).toBe("7");
    expect(await handleRecords(failing(5), records)).toBe(null);
    expect(await handleRecords(failing(99), records)).toBe(null);
  });

  it("has the shape of the managed source", async () => {
    let seen: MskEvent | undefined;
    await handleRecords(
      async (event) => {
        seen = event;
        return { batchItemFailures: [] };
      },
      records.slice(0, 1),
    );
    expect(seen?.records).toEqual({
      "cp.events-3": [
        {
          topic: "cp.events",
          partition: 3,
          offset: 5,
          timestamp: 1,
          timestampType: "CREATE_TIME",
          key: Buffer.from(cp).toString("base64"),
          value: "eA==",
          headers: [{ trace: [116] }],
        },
      ],
    });
  });
});

describe("two copies of the handler", () => {
  it("that race for one point let one driver in and tell the other", async () => {
    for (let round = 0; round < 20; round++) {
      const { story, greeting } = ready();
      const table = memoryTable();
      const [one, two] = [central(table), central(table)];
      await one.handler(mskEvent(greeting));
      const start = (driver: string) =>
        story.record("driver.requests", {
          v: 1,
          type: "start",
          sid: newSid(),
          driver,
          cp,
          vehicleId: "V",
          requestedAt: startMs,
          expiresAt: startMs + 60_000,
        });
      const [a, b] = [start(alice), start(bob)];
      // Each copy gets both, in opposite order, as after a rebalance.
      await Promise.all([one.handler(mskEvent([a, b])), two.handler(mskEvent([b, a]))]);
      const sessions = [alice, bob].flatMap((driver) =>
        table.queryNow<SessionRow>(`driver#${driver}`, { prefix: "session#" }).map((row) => row.value.rank),
      );
      expect(sessions.sort()).toEqual(["ACCEPTED", "REJECTED"]);
      expect(table.getNow<CpRow>(keys.cp(cp))?.value).toMatchObject({ fence: 1 });
      for (const driver of [alice, bob])
        expect(table.queryNow<InboxRow>(`driver#${driver}`, { prefix: "inbox#" })).toHaveLength(1);
    }
  });

  it("that both read an end write one bill and one word to the driver", async () => {
    const { story, greeting } = ready();
    const table = memoryTable();
    const [one, two] = [central(table), central(table)];
    await one.handler(mskEvent(greeting));
    const sid = newSid();
    await one.handler(
      mskEvent([
        story.record("driver.requests", {
          v: 1,
          type: "start",
          sid,
          driver: alice,
          cp,
          vehicleId: "V",
          requestedAt: startMs,
          expiresAt: startMs + 60_000,
        }),
      ]),
    );
    const grant = {
      sid,
      driver: alice,
      cmdId: `${sid}-start`,
      fence: 1,
      tariff: { version: 1, priceE5PerKwh: 30_000, currency: "EUR" },
    };
    const ended = story.event("session.ended", endedBody(grant, startMs));
    await Promise.all([one.handler(mskEvent([ended])), two.handler(mskEvent([ended]))]);
    expect(table.queryNow(`driver#${alice}`, { prefix: "cdr#" })).toHaveLength(1);
    const inbox = table.queryNow<InboxRow>(`driver#${alice}`, { prefix: "inbox#" });
    expect(inbox.map((row) => row.value.event)).toEqual(["accepted", "completed"]);
  });

  it("give up a record whose rows never stand still, and it comes again", async () => {
    const { story, greeting } = ready();
    const table = memoryTable();
    const { handler } = central(table);
    await handler(mskEvent(greeting));
    const event = story.connector();
    let busy = true;
    table.beforeCommit = (writes) => {
      if (!busy) return;
      busy = false;
      for (const write of writes)
        if (write.do === "put")
          table.commitNow([
            { do: "put", key: write.key, value: table.getNow(write.key)?.value, expect: "any" },
          ]);
      busy = true;
    };
    const response = await handler(mskEvent([event]));
    expect(response.batchItemFailures).toHaveLength(1);
    busy = false;
    expect(await handler(mskEvent([event]))).toEqual({ batchItemFailures: [] });
  });
});

describe("dead letters of the bridge", () => {
  const letter = (where: "bridge" | "central", id: string) => ({
    topic: "dead-letters",
    partition: 0,
    offset: 0,
    timestampMs: startMs,
    value: Buffer.from(
      JSON.stringify({
        v: 1,
        id,
        where,
        topic: "ev/v1/1/CP-001/engine/events",
        reason: "not JSON",
        payloadBase64: "eA==",
        atMs: startMs,
      }),
    ),
  });

  it("become rows that an operator finds, once however often they come", async () => {
    const table = memoryTable();
    const { handler, sent } = central(table);
    const record = letter("bridge", "ev/v1/1/CP-001/engine/events/abc");
    await handler(mskEvent([record, { ...record, offset: 1 }]));
    expect(table.queryNow("dead-letters").map((row) => row.value)).toMatchObject([
      { id: "ev/v1/1/CP-001/engine/events/abc", where: "bridge", reason: "not JSON", resolved: null },
    ]);
    expect(table.commits).toBe(1);
    expect(sent).toEqual([]);
  });

  it("of Central's own are rows already, and an unreadable one stops nothing", async () => {
    const table = memoryTable();
    const { handler, lines } = central(table);
    const broken = { ...letter("bridge", "x"), offset: 1, value: Buffer.from("{") };
    const answer = await handler(mskEvent([letter("central", "cp.events/0-7"), broken]));
    expect(answer.batchItemFailures).toEqual([]);
    expect(table.queryNow("dead-letters")).toEqual([]);
    expect(lines.join()).toContain("cannot be read");
  });
});
