// The line's rules against a model of it: a plain list of who came when, over random lives of a point.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  awayMs,
  confirmGraceMs,
  isLineDue,
  join,
  type LineFact,
  leave,
  noLine,
  offerMs,
  type PointState,
  placeMs,
  placeRefusal,
  pointState,
  positionOf,
  queueAtMost,
  schedule,
  scheduledAtMost,
  settle,
} from "../../../central-fn/rules/queue.rules.ts";
import type { Line } from "../../../central-fn/tables/rows.ts";
import { claimOf, cpRow, sid } from "../api/central.ts";

const states: PointState[] = [
  { is: "free" },
  { is: "busy" },
  { is: "away", reason: "away" },
  { is: "closed", reason: "closed" },
  { is: "gone", reason: "gone" },
];

type Act =
  | { act: "join" | "schedule"; driver: number }
  | { act: "leave" | "confirm"; driver: number }
  | { act: "pass"; ms: number }
  | { act: "point"; state: number };

const acts: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: fc.constant("join" as const), driver: fc.nat(14) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("schedule" as const), driver: fc.nat(14) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("leave" as const), driver: fc.nat(14) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("confirm" as const), driver: fc.nat(14) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant("pass" as const),
      ms: fc.oneof(
        fc.nat(60_000),
        fc.constantFrom(offerMs, offerMs + confirmGraceMs + 1, placeMs / 4, placeMs + 1),
      ),
    }),
  },
  // Mostly free and busy in turn; seldom for ever gone.
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant("point" as const),
      state: fc.constantFrom(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 4),
    }),
  },
);

interface Waiter {
  sid: string;
  sinceMs: number;
  /** Since when it holds the offer. */
  offeredMs: number | null;
}

/** What the rules answered, and the naive list beside it. */
class Life {
  line: Line = noLine;
  nowMs = 1_000;
  point: PointState = { is: "free" };
  /** In the order of coming. */
  model: Waiter[] = [];
  scheduled = new Set<string>();
  ended = new Set<string>();
  #last = 0;

  take(act: Act): void {
    switch (act.act) {
      case "pass":
        this.nowMs += act.ms;
        break;
      case "point":
        this.point = states[act.state] ?? { is: "free" };
        break;
      case "join":
      case "schedule":
        this.#come(act.act, `driver-${act.driver}`);
        break;
      case "leave":
      case "confirm":
        this.#go(act.act, `driver-${act.driver}`);
    }
    this.#settle();
  }

  #come(act: "join" | "schedule", driver: string): void {
    const kind = act === "join" ? "queue" : "scheduled";
    const here = [...this.line.queue, ...this.line.scheduled].some((place) => place.driver === driver);
    const full = act === "join" ? this.model.length >= queueAtMost : this.scheduled.size >= scheduledAtMost;
    const refused = placeRefusal(this.line, kind, driver, 0);
    expect(refused !== undefined).toBe(here || full);
    if (refused) return;
    this.#last += 1;
    const id = `${driver}/${this.#last}`;
    if (act === "join") {
      this.line = join(this.line, id, driver, this.nowMs);
      this.model.push({ sid: id, sinceMs: this.nowMs, offeredMs: null });
    } else {
      this.line = schedule(this.line, id, driver, this.nowMs + 1);
      this.scheduled.add(id);
    }
  }

  #go(act: "leave" | "confirm", driver: string): void {
    const place = [...this.line.queue, ...this.line.scheduled].find((one) => one.driver === driver);
    if (!place) return;
    if (act === "confirm" && this.line.offer?.sid !== place.sid) return;
    this.line = leave(this.line, place.sid);
    this.model = this.model.filter(({ sid: id }) => id !== place.sid);
    this.scheduled.delete(place.sid);
    if (act === "confirm") this.point = { is: "busy" };
  }

  #settle(): void {
    const { line, facts } = settle(this.line, this.point, this.nowMs);
    for (const fact of facts) this.#fact(fact);
    this.line = line;
    // Settled is settled: nothing more is due at once.
    expect(settle(line, this.point, this.nowMs)).toEqual({ line, facts: [] });
    expect(line.queue.map(({ sid: id }) => id)).toEqual(this.model.map(({ sid: id }) => id));
    expect(new Set(line.scheduled.map(({ sid: id }) => id))).toEqual(this.scheduled);
    const offered = this.model.filter(({ offeredMs }) => offeredMs !== null);
    expect(offered.map(({ sid: id }) => id)).toEqual(line.offer ? [line.offer.sid] : []);
    // Whoever is first at a free point has the offer, and nobody else ever.
    expect(line.offer?.sid).toBe(this.point.is === "free" ? this.model[0]?.sid : undefined);
    for (const { sinceMs, offeredMs } of this.model)
      expect(
        offeredMs === null
          ? this.nowMs - sinceMs <= placeMs
          : this.nowMs - offeredMs <= offerMs + confirmGraceMs,
      ).toBe(true);
    this.model.forEach(({ sid: id }, i) => {
      expect(positionOf(line, id)).toBe(i + 1);
    });
  }

  #fact(fact: LineFact): void {
    const { sid: id } = fact.place;
    expect(this.ended.has(id)).toBe(false);
    const waiter = this.model.find((one) => one.sid === id);
    if (fact.fact === "ended") {
      this.ended.add(id);
      this.model = this.model.filter((one) => one !== waiter);
      this.scheduled.delete(id);
      return;
    }
    if (!waiter) throw new Error(`${fact.fact} to ${id}, who does not wait`);
    waiter.offeredMs = fact.fact === "offered" ? this.nowMs : null;
  }
}

describe("a line", () => {
  it("offers to the first alone, ends every place once, and never keeps an offer or a place beyond its time", () => {
    fc.assert(
      fc.property(fc.array(acts, { maxLength: 60 }), (life) => {
        const one = new Life();
        for (const act of life) one.take(act);
      }),
      { numRuns: 400 },
    );
  });

  it("does not end the place of one who holds an offer, however long he waited for it", () => {
    const line = join(noLine, sid("CP-001"), "driver-bob", 0);
    const offered = settle(line, { is: "free" }, placeMs).line;
    expect(settle(offered, { is: "free" }, placeMs + offerMs + confirmGraceMs)).toEqual({
      line: offered,
      facts: [],
    });
    expect(settle(offered, { is: "free" }, placeMs + offerMs + confirmGraceMs + 1).line).toEqual(noLine);
  });

  it("has something due exactly when settling it would tell somebody, or an hour has come", () => {
    const queue = join(noLine, sid("CP-001"), "driver-bob", 0);
    const busy = cpRow("CP-001", { claim: claimOf(sid("CP-001", 2), "driver-alice", "charging") });
    expect(isLineDue({ ...busy, line: queue }, 1)).toBe(false);
    expect(isLineDue({ ...busy, line: queue }, placeMs + 1)).toBe(true);
    expect(isLineDue({ ...busy, claim: null, line: queue }, 1)).toBe(true);
    const later = schedule(noLine, sid("CP-001"), "driver-bob", 5_000);
    expect([4_999, 5_000].map((atMs) => isLineDue({ ...busy, line: later }, atMs))).toEqual([false, true]);
    expect(isLineDue(busy, 1)).toBe(false);
  });
});

describe("a point, for its line", () => {
  const atMs = 10_000_000_000_000;
  const shown = (state: "ON" | "BROKEN" | "DISCONNECTED", forMs: number) => ({
    state,
    sinceMs: atMs - forMs,
    cause: "x",
    n: 1,
  });
  const engine = cpRow("CP-001").engine;
  it.each([
    ["free", {}],
    ["busy", { claim: claimOf(sid("CP-001"), "driver-alice", "finishing") }],
    ["away", { shown: shown("BROKEN", awayMs) }],
    ["closed", { shown: shown("BROKEN", awayMs + 1) }],
    ["closed", { shown: shown("DISCONNECTED", awayMs + 1) }],
    ["away", { shown: null }],
    ["away", { engine: null }],
    ["closed", { engine: engine && { ...engine, operative: false } }],
    ["gone", { retired: true, shown: shown("BROKEN", awayMs + 1) }],
  ] as const)("is %s when %j", (is, change) => {
    expect(pointState(cpRow("CP-001", { shown: shown("ON", 0), ...change }), atMs).is).toBe(is);
  });
});
