import fc from "fast-check";
import { expect, test } from "vitest";
import {
  emptyOutbox,
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

test("an event is resent after 5 to 10 s, then with doubling pauses up to 30 s, until it is acknowledged", () => {
  const { read } = shelf([{ bulk: false }]);
  const outbox = emptyOutbox();
  onLink(outbox, true);
  const sentAt: number[] = [];
  for (let ms = 0; ms <= 200_000; ms += 100)
    if (toPublish(outbox, read, ms, never).length > 0) sentAt.push(ms);
  const pauses = sentAt.slice(1).map((at, i) => at - (sentAt[i] ?? 0));
  expect(pauses.slice(0, 2)).toEqual([7_500, 15_000]);
  expect(Math.max(...pauses)).toBe(30_000);
  onSettled(outbox, 1, [[1, 1]]);
  expect(toPublish(outbox, read, 900_000, never)).toEqual([]);
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
      onSettled(outbox, 1, [[seq, seq]]);
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
  onSettled(outbox, 1, [[1, 1]]);
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
            onSettled(outbox, 1, [[entry.seq, entry.seq]]);
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
