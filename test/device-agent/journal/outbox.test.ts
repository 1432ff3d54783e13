import fc from "fast-check";
import { expect, test } from "vitest";
import {
  emptyOutbox,
  nextDueMono,
  onLink,
  onSettled,
  toPublish,
  windowSize,
} from "../../../device-agent/journal/outbox.rules.ts";
import type { OutboxEntry } from "../../../device-agent/journal/port.ts";

/** A journal as the outbox sees it: entries, and which of them are acknowledged. */
function shelf(entries: { bulk: boolean }[]) {
  const rows = entries.map((entry, i) => ({ ...entry, epoch: 1, seq: i + 1, acked: false }));
  return {
    rows,
    read: (kind: "urgent" | "bulk", after: { seq: number } | null, limit: number): OutboxEntry[] =>
      rows
        .filter((row) => !row.acked && row.bulk === (kind === "bulk") && row.seq > (after?.seq ?? 0))
        .slice(0, Math.max(0, limit))
        .map((row) => ({
          epoch: 1,
          seq: row.seq,
          type: row.bulk ? "meter" : "hello",
          payload: String(row.seq),
        })),
    ack: (from: number, to: number) => {
      for (const row of rows) if (row.seq >= from && row.seq <= to) row.acked = true;
    },
  };
}

const never = () => 0.5;

test("nothing is published while the link is down", () => {
  const { read } = shelf([{ bulk: false }]);
  expect(toPublish(emptyOutbox(), read, 0, never)).toEqual([]);
});

test("at most twenty are in flight, and meter messages leave room for urgent ones", () => {
  const { read, rows } = shelf(Array.from({ length: 60 }, () => ({ bulk: true })));
  const outbox = emptyOutbox();
  onLink(outbox, true);
  expect(toPublish(outbox, read, 0, never)).toHaveLength(14);
  rows.push(...Array.from({ length: 9 }, (_, i) => ({ bulk: false, epoch: 1, seq: 61 + i, acked: false })));
  const urgent = toPublish(outbox, read, 1, never);
  expect(urgent.map((entry) => entry.seq)).toEqual([61, 62, 63, 64, 65, 66]);
  expect(outbox.inFlight.size).toBe(windowSize);
});

/** When each of so many events is told, with nothing acknowledged. */
function toldIn(ms: number, events: number, random = never): number[][] {
  const { read } = shelf(Array.from({ length: events }, () => ({ bulk: false })));
  const outbox = emptyOutbox();
  onLink(outbox, true);
  const toldMs: number[][] = Array.from({ length: events }, () => []);
  for (let now = 0; now <= ms; now += 100) {
    for (const { seq } of toPublish(outbox, read, now, random)) toldMs[seq - 1]?.push(now);
    // The shell sleeps until then.
    expect(nextDueMono(outbox)).toBeGreaterThan(now);
  }
  return toldMs;
}

const pausesOf = (toldMs: readonly number[]) => toldMs.slice(1).map((at, i) => at - (toldMs[i] ?? 0));

test("an event that is not the oldest is resent after 5 to 10 s, then with doubling pauses up to 30 s", () => {
  const pauses = pausesOf(toldIn(200_000, 2)[1] ?? []);
  expect(pauses.slice(0, 2)).toEqual([7_500, 15_000]);
  expect(Math.max(...pauses)).toBe(30_000);
});

test.each([
  ["2 s", () => 0, 2_000],
  ["4 s", () => 0.999, 4_000],
])("the oldest asks whether the road is open every 2 to 4 s, for ever: here %s", (_, random, pauseMs) => {
  for (const pause of pausesOf(toldIn(200_000, 3, random)[0] ?? [])) expect(pause).toBe(pauseMs);
});

test("an event that is acknowledged is not told again, were it the oldest", () => {
  const { read } = shelf([{ bulk: false }]);
  const outbox = emptyOutbox();
  onLink(outbox, true);
  for (let ms = 0; ms <= 200_000; ms += 100) toPublish(outbox, read, ms, never);
  onSettled(outbox, 1, [[1, 1]], 200_000);
  expect(toPublish(outbox, read, 900_000, never)).toEqual([]);
});

test("once the oldest has arrived, all that was told before its last telling is told at once, and nothing twice", () => {
  const world = shelf(Array.from({ length: 20 }, () => ({ bulk: false })));
  const outbox = emptyOutbox();
  onLink(outbox, true);
  for (let ms = 0; ms <= 60_000; ms += 100) toPublish(outbox, world.read, ms, never);
  const [oldest] = toPublish(outbox, world.read, 63_000, never);
  expect(oldest?.seq).toBe(1);
  const { toldMono } = [...outbox.inFlight.values()][1] ?? { toldMono: Number.NaN };
  expect(toldMono).toBeLessThan(58_000);
  world.ack(1, 1);
  onSettled(outbox, 1, [[1, 1]], 63_100);
  const again = toPublish(outbox, world.read, 63_100, never).map(({ seq }) => seq);
  expect(again).toEqual(Array.from({ length: 19 }, (_, i) => i + 2));
  expect(toPublish(outbox, world.read, 63_200, never)).toEqual([]);
});

test("an event is told again as soon as one that was told later has arrived, at most once a second and ever less often", () => {
  const world = shelf(Array.from({ length: 60 }, () => ({ bulk: false })));
  const outbox = emptyOutbox();
  onLink(outbox, true);
  const lostToldMs: number[] = [];
  let toldMs = -1_000;
  // The first is always lost; another is told every 200 ms and arrives at once.
  const read: typeof world.read = (kind, after, limit) =>
    world.read(kind, after, limit).filter(({ seq }) => seq === 1 || seq <= 1 + toldMs / 200);
  for (let ms = 0; ms <= 10_000; ms += 50) {
    toldMs = ms;
    for (const { seq } of toPublish(outbox, read, ms, never)) {
      if (seq === 1) lostToldMs.push(ms);
      else {
        world.ack(seq, seq);
        onSettled(outbox, 1, [[seq, seq]], ms);
      }
    }
  }
  const pauses = pausesOf(lostToldMs);
  // From then on it asks as the oldest before it is taken for lost.
  expect(pauses).toEqual([1_050, 2_200, 3_000, 3_000]);
});

test("what was told together, or after what has arrived, is not taken for lost", () => {
  const world = shelf(Array.from({ length: 3 }, () => ({ bulk: false })));
  const outbox = emptyOutbox();
  onLink(outbox, true);
  expect(toPublish(outbox, world.read, 0, never)).toHaveLength(3);
  onSettled(outbox, 1, [[2, 2]], 1_900);
  expect(toPublish(outbox, world.read, 1_900, never), "the second overtook the first by a batch").toEqual([]);
});

/** Tells for 4.9 s, all acknowledged at once but the first event, which is lost. @returns the last number told. */
function tellWithoutFirst(
  outbox: ReturnType<typeof emptyOutbox>,
  world: ReturnType<typeof shelf>,
  fromMs = 0,
) {
  let last = 0;
  for (let ms = fromMs; ms < fromMs + 4_900; ms += 50)
    for (const { seq } of toPublish(outbox, world.read, ms, never)) {
      last = Math.max(last, seq);
      if (seq === 1) continue;
      world.ack(seq, seq);
      onSettled(outbox, 1, [[seq, seq]], ms);
    }
  return last;
}

test("session events run at most 200 ahead of one that is lost, so that Central still waits for it; a new link does not count anew", () => {
  const world = shelf(Array.from({ length: 600 }, () => ({ bulk: false })));
  const outbox = emptyOutbox();
  onLink(outbox, true);
  expect(tellWithoutFirst(outbox, world)).toBe(201);
  onLink(outbox, false);
  onLink(outbox, true);
  expect(tellWithoutFirst(outbox, world, 10_000), "the lost one is told again, nothing new").toBe(1);
  world.ack(1, 1);
  onSettled(outbox, 1, [[1, 1]], 20_000);
  expect(tellWithoutFirst(outbox, world, 20_000)).toBe(600);
  expect(outbox.unsettled.size).toBe(0);
});

test("meter messages share the numbers: a thousand of them hold no session event back, nor are held back", () => {
  const world = shelf(Array.from({ length: 1_200 }, (_, i) => ({ bulk: i % 12 !== 0 })));
  const outbox = emptyOutbox();
  onLink(outbox, true);
  expect(tellWithoutFirst(outbox, world)).toBe(1_200);
  expect(world.rows.filter(({ acked }) => !acked)).toHaveLength(1);
});

test("whatever is lost, repeated or reordered on the way, every event is delivered in the end and none is invented", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ bulk: fc.boolean() }), { maxLength: 60 }),
      fc.array(fc.record({ keep: fc.boolean(), cut: fc.boolean(), ackLost: fc.boolean() }), {
        maxLength: 80,
      }),
      (entries, luck) => {
        const world = shelf(entries);
        const outbox = emptyOutbox();
        const delivered = new Set<number>();
        onLink(outbox, true);
        for (let step = 0; step < 400; step++) {
          const chance = luck[step] ?? { keep: true, cut: false, ackLost: false };
          if (chance.cut) {
            onLink(outbox, false);
            onLink(outbox, true);
          }
          for (const entry of toPublish(outbox, world.read, step * 1_000, never)) {
            if (!chance.keep) continue;
            delivered.add(entry.seq);
            if (chance.ackLost) continue;
            world.ack(entry.seq, entry.seq);
            onSettled(outbox, 1, [[entry.seq, entry.seq]], step * 1_000);
          }
          expect(outbox.inFlight.size).toBeLessThanOrEqual(windowSize);
        }
        expect(delivered.size).toBe(entries.length);
        expect(world.rows.every((row) => row.acked)).toBe(true);
        expect(outbox.inFlight.size).toBe(0);
      },
    ),
    { numRuns: 60 },
  );
});
