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
