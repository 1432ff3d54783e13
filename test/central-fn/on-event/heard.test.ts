// Liveness of a process that handles batch after batch: few writes, and never a living charge point shown as gone.
import fc from "fast-check";
import { expect, it } from "vitest";
import type { KafkaRecord } from "../../../central-fn/on-event/dead-letters.ts";
import { HeardMemory } from "../../../central-fn/on-event/heard.ts";
import { type StatusBatch, statusBatch } from "../../../central-fn/on-event/status.ts";
import { feedIn } from "../../../central-fn/rules/feeds.ts";
import { shownState } from "../../../central-fn/rules/status.ts";
import { type CpRow, type FeedsRow, keys } from "../../../central-fn/tables/rows.ts";
import { partitionOf } from "../../../wire/messages/index.ts";
import { partitions, Story, startMs } from "./story.ts";

const cps = Array.from({ length: 40 }, (_, i) => `CP-${String(i + 1).padStart(3, "0")}`);
const intervalMs = 2_000;
const ttlMs = 6_000;

function report(story: Story, cp: string, engine: "OK" | "KO" = "OK"): KafkaRecord {
  const journal = `bbbbbbbb-${cp.slice(3)}1`;
  return story.event("status", { engine, conn: 1, intervalMs, ttlMs }, { cp, journal });
}

function canary(story: Story, feed: number): KafkaRecord {
  const value = { v: 1, type: "canary", feed, bridge: "b", n: 1, everyMs: 1_000 };
  return { ...story.record("cp.status", value), partition: feed };
}

/** What the bridge brings in this tenth of a second, by feed: a canary per second, a report per interval. */
function tick(story: Story, n: number, alive: readonly string[] = cps): void {
  story.nowMs = startMs + n * 100;
  for (let feed = 0; feed < partitions; feed++) {
    const own = cps.filter(
      (cp, i) => alive.includes(cp) && partitionOf(cp, partitions) === feed && (n + i) % 20 === 0,
    );
    const records = own.map((cp) => report(story, cp));
    if (n % 10 === 0) records.unshift(canary(story, feed));
    if (records.length > 0) story.take(...records);
  }
}

const feedsOf = (story: Story) => story.table.getNow<FeedsRow>(keys.feeds(0))?.value;
const shown = (story: Story, cp: string) => {
  const row = story.table.getNow<CpRow>(keys.cp(cp))?.value;
  const feed = feedIn(feedsOf(story), partitionOf(cp, partitions));
  return shownState({ cp, health: row?.health ?? null }, feed).state;
};

it("all feeds together are one write per second, and nobody's instant is more than a second late", () => {
  const story = new Story();
  story.heard = new HeardMemory(true);
  for (let n = 0; n < 20; n++) tick(story, n);
  const commits = story.table.commits;
  for (let n = 20; n < 220; n++) {
    tick(story, n);
    for (const [i, cp] of cps.entries()) {
      const last = startMs + (n - ((n + i) % 20)) * 100;
      expect(last - (feedsOf(story)?.heard[cp] ?? 0)).toBeLessThanOrEqual(intervalMs);
      expect(story.nowMs - (feedsOf(story)?.heard[cp] ?? 0)).toBeLessThanOrEqual(intervalMs + 1_000);
    }
    for (let feed = 0; feed < partitions; feed++)
      expect(story.nowMs - (feedsOf(story)?.canaries[feed]?.ms ?? 0)).toBeLessThanOrEqual(2_000);
  }
  expect(story.table.commits - commits).toBeLessThanOrEqual(21);
});

it("what changes a state is written in its batch, and who comes back from silence is On at once", () => {
  const story = new Story();
  story.heard = new HeardMemory(true);
  const [cp = ""] = cps;
  story.take(report(story, cp));
  const silentTo = startMs + 20_000;
  const feed = partitionOf(cp, partitions);
  for (story.nowMs += 1_000; story.nowMs <= silentTo; story.nowMs += 1_000) story.take(canary(story, feed));
  story.sweep();
  expect(shown(story, cp)).toBe("DISCONNECTED");
  story.nowMs -= 500;
  story.take(report(story, cp));
  expect(shown(story, cp)).toBe("ON");
  story.nowMs += 10;
  story.take(report(story, cp, "KO"));
  expect(shown(story, cp)).toBe("BROKEN");
});

it("while a batch waits for the table, another feed's write tells of no canary that outruns its reports", () => {
  const memory = new HeardMemory(true);
  const event = { cp: "CP-001", journal: "bbbbbbbb-0011", epoch: 1, seq: 2 };
  const report = { engine: "OK", conn: 1, intervalMs, ttlMs } as const;
  const batch = {
    feed: 0,
    items: [{ is: "report", event, report, ingestMs: startMs + 9_000 }],
    canaries: [{ canary: { v: 1, type: "canary", feed: 0, bridge: "b", n: 1 }, ingestMs: startMs + 10_000 }],
  } as unknown as StatusBatch;
  const steps = statusBatch(batch, startMs + 10_000, memory);
  expect(steps.next().done).toBe(false);
  expect(memory.heard(0).canaries.size).toBe(0);
  expect(memory.isDue(1)).toBe(false);
});

it("a process that keeps nothing writes with each batch what would be lost", () => {
  const story = new Story();
  for (let n = 0; n < 60; n++) tick(story, n);
  for (const [i, cp] of cps.entries())
    expect(feedsOf(story)?.heard[cp]).toBe(startMs + (59 - ((59 + i) % 20)) * 100);
});

it("a feed whose bridge has a slower clock than another's is written too", () => {
  const story = new Story();
  story.heard = new HeardMemory(true);
  story.nowMs = startMs + 60_000;
  story.take(canary(story, 0));
  for (let s = 0; s < 10; s++) {
    story.nowMs = startMs + s * 1_000;
    story.take(canary(story, 1));
    expect(story.nowMs - (feedsOf(story)?.canaries[1]?.ms ?? 0)).toBeLessThan(2_000);
  }
});

it("whenever processes die, and whoever takes the feeds over, a living charge point is never shown as gone", () => {
  const death = fc.record({ atTick: fc.integer({ min: 20, max: 299 }), of: fc.constantFrom(0, 1) });
  const move = fc.record({ atTick: fc.integer({ min: 20, max: 299 }), feed: fc.integer({ min: 0, max: 7 }) });
  fc.assert(
    fc.property(fc.array(death, { maxLength: 6 }), fc.array(move, { maxLength: 12 }), (deaths, moves) => {
      // One death per interval and charge point: two beats lost in a row are more than any ttl allows.
      const dying = deaths
        .sort((a, b) => a.atTick - b.atTick)
        .filter(({ atTick }, i, all) => i === 0 || atTick - (all[i - 1]?.atTick ?? 0) > 30);
      const story = new Story();
      const processes = [new HeardMemory(true), new HeardMemory(true)];
      const owner = Array.from({ length: partitions }, (_, feed) => feed % 2);
      for (let n = 0; n < 300; n++) {
        for (const { of } of dying.filter(({ atTick }) => atTick === n))
          processes[of] = new HeardMemory(true);
        for (const { feed } of moves.filter(({ atTick }) => atTick === n))
          owner[feed] = 1 - (owner[feed] ?? 0);
        story.nowMs = startMs + n * 100;
        for (let feed = 0; feed < partitions; feed++) {
          story.heard = processes[owner[feed] ?? 0];
          const own = cps.filter((cp, i) => partitionOf(cp, partitions) === feed && (n + i) % 20 === 0);
          const records = own.map((cp) => report(story, cp));
          if (n % 10 === 0) records.unshift(canary(story, feed));
          if (records.length > 0) story.take(...records);
        }
        if (n >= 20) for (const cp of cps) if (shown(story, cp) !== "ON") return false;
      }
      return true;
    }),
    { numRuns: 12 },
  );
});

const changes = (story: Story) =>
  cps.flatMap((cp) => story.table.getNow<CpRow>(keys.cp(cp))?.value.shown?.n ?? 0).reduce((a, b) => a + b, 0);

/** Nothing is carried, while the charge points live on and Central sweeps. */
function outage(story: Story, from: number, to: number): void {
  for (let n = from; n < to; n += 10) {
    story.nowMs = startMs + n * 100;
    story.sweep();
  }
}

it.each([true, false])(
  "after an outage nobody is gone who is there again within his ttl, lasting %s",
  (lasts) => {
    const story = new Story();
    story.heard = new HeardMemory(lasts);
    for (let n = 0; n < 100; n++) tick(story, n);
    const before = changes(story);
    outage(story, 100, 300);
    // It breaks once more just after: the two are one.
    for (let n = 300; n < 310; n++) tick(story, n);
    story.sweep();
    expect(cps.map((cp) => shown(story, cp))).not.toContain("DISCONNECTED");
    outage(story, 310, 360);
    for (let n = 360; n < 600; n++) {
      tick(story, n);
      story.sweep();
      expect(cps.map((cp) => shown(story, cp))).not.toContain("DISCONNECTED");
    }
    expect(changes(story)).toBe(before);
  },
);

it("who died in an outage is gone one ttl after it, who died before it stays gone", () => {
  const story = new Story();
  story.heard = new HeardMemory(true);
  const [dead = "", dying = ""] = cps;
  const dies = (n: number, gone: readonly string[]) => {
    const alive = cps.filter((cp) => !gone.includes(cp));
    tick(story, n, alive);
    story.sweep();
  };
  for (let n = 0; n < 100; n++) dies(n, []);
  for (let n = 100; n < 200; n++) dies(n, [dead]);
  expect(shown(story, dead)).toBe("DISCONNECTED");
  outage(story, 200, 400);
  for (let n = 400; n < 455; n++) {
    dies(n, [dead, dying]);
    expect([shown(story, dead), shown(story, dying)]).toEqual(["DISCONNECTED", "ON"]);
  }
  for (let n = 455; n < 490; n++) dies(n, [dead, dying]);
  expect(shown(story, dying)).toBe("DISCONNECTED");
  expect(cps.slice(2).map((cp) => shown(story, cp))).not.toContain("DISCONNECTED");
});

it("who was silent for a day is not remembered, and is gone all the same", () => {
  const story = new Story();
  const [cp = "", other = ""] = cps;
  story.take(report(story, cp));
  story.nowMs += 24 * 3_600_000 + 1;
  story.take(report(story, other), canary(story, partitionOf(other, partitions)));
  story.take(canary(story, partitionOf(cp, partitions)));
  expect(Object.keys(feedsOf(story)?.heard ?? {})).toEqual([other]);
  expect(shown(story, cp)).toBe("DISCONNECTED");
});
