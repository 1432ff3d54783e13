import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costMinor, energyWithinCost } from "../../../central-fn/rules/cost.ts";
import { instantOf } from "../../../central-fn/rules/engine-facts.ts";
import { foldStatus, type StatusItem } from "../../../central-fn/rules/health.ts";
import { isOver, mayBecome } from "../../../central-fn/rules/session.ts";
import { feedStaleSince, shownState } from "../../../central-fn/rules/status.ts";
import type { Health, SessionRank } from "../../../central-fn/tables/rows.ts";

describe("cost", () => {
  it.each([
    [0, 30_000, 0],
    [12_345, 30_000, 370],
    [50, 30_000, 2], // 1.5 cents: half goes up
    [49, 30_000, 1],
    [1, 0, 0],
    [10_000_000, 10_000_000, 100_000_000],
  ])("of %i Wh at %i is %i cents", (wh, price, cents) => {
    expect(costMinor(wh, price)).toBe(cents);
  });

  it("is the exact half-up cents of rational arithmetic for every input", () => {
    fc.assert(
      fc.property(fc.nat(1e9), fc.nat(1e7), (wh, price) => {
        const twice = 2n * BigInt(wh) * BigInt(price);
        const cents = BigInt(costMinor(wh, price));
        expect(2_000_000n * cents - 1_000_000n <= twice && twice < 2_000_000n * cents + 1_000_000n).toBe(
          true,
        );
      }),
    );
  });

  it("refuses what is no energy or price", () => {
    expect(() => costMinor(-1, 1)).toThrow(RangeError);
    expect(() => costMinor(0.5, 1)).toThrow(RangeError);
    expect(() => costMinor(1, Number.NaN)).toThrow(RangeError);
  });

  it("limit is the most energy that stays within it", () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.integer({ min: 1, max: 1e6 }), (limit, price) => {
        const wh = energyWithinCost(limit, price) ?? 0;
        expect(costMinor(wh, price)).toBeLessThanOrEqual(limit);
        expect(costMinor(wh + 1, price)).toBeGreaterThan(limit);
      }),
    );
    expect(energyWithinCost(100, 0)).toBe(undefined);
  });
});

describe("ranks", () => {
  const all: SessionRank[] = [
    "REQUESTED",
    "ACCEPTED",
    "INTENT",
    "CHARGING",
    "SUSPENDED",
    "REJECTED",
    "EXPIRED",
    "CANCELLED",
    "ABORTED",
    "NEEDS_REVIEW",
    "ENDED",
    "BILLED",
  ];
  it("never come back to where they were, but for the pause", () => {
    for (const a of all)
      for (const b of all)
        if (mayBecome(a, b) && mayBecome(b, a)) expect([a, b].sort()).toEqual(["CHARGING", "SUSPENDED"]);
  });
  it("let a late end outrank everything but a bill", () => {
    for (const rank of all) expect(mayBecome(rank, "BILLED")).toBe(rank !== "BILLED");
  });
  it("are over from the refusals on", () => {
    expect(all.filter((rank) => !isOver(rank))).toEqual([
      "REQUESTED",
      "ACCEPTED",
      "INTENT",
      "CHARGING",
      "SUSPENDED",
    ]);
  });
});

describe("the four-row table", () => {
  const health: Health = {
    journal: "a",
    epoch: 1,
    conn: 3,
    seq: 1,
    engine: "OK",
    reason: null,
    intervalMs: 2_000,
    ttlMs: 6_000,
    sinceMs: 1_000,
    willConn: null,
  };
  it.each([
    ["monitor heard, engine OK", health, 50_000, 55_000, "ON"],
    ["monitor heard, engine KO", { ...health, engine: "KO" as const }, 50_000, 55_000, "BROKEN"],
    ["monitor silent, engine OK", health, 50_000, 56_001, "DISCONNECTED"],
    ["monitor silent, engine KO", { ...health, engine: "KO" as const }, 50_000, 56_001, "DISCONNECTED"],
    ["last will of this connection", { ...health, willConn: 3 }, 50_000, 50_000, "DISCONNECTED"],
    ["last will of an older connection", { ...health, willConn: 2 }, 50_000, 50_000, "ON"],
    ["never heard", null, undefined, 50_000, "DISCONNECTED"],
    ["no canary yet: nobody is condemned", health, 50_000, null, "ON"],
  ] as const)("%s", (_, given, heard, canary, state) => {
    const instants = heard === undefined ? {} : { x: heard };
    const feed = { canaryMs: canary, bridge: "b", broken: null, heard: instants };
    expect(shownState({ cp: "x", health: given }, feed).state).toBe(state);
  });
  it("knows a stale feed from a dead fleet", () => {
    const feed = { canaryMs: 10_000, bridge: "b", broken: null, heard: {} };
    expect(feedStaleSince(feed, 15_000)).toBe(null);
    expect(feedStaleSince(feed, 15_001)).toBe(10_000);
    expect(feedStaleSince(undefined, 1)).toBe(0);
  });
});

describe("status reports and wills", () => {
  const item = (
    is: "report" | "will",
    epoch: number,
    conn: number,
    seq: number,
    engine: "OK" | "KO",
  ): StatusItem => {
    const event = {
      v: 1 as const,
      cp: "CP-001",
      src: "monitor" as const,
      journal: "aaaaaaaa",
      epoch,
      seq,
      prev: 0,
      type: is,
      at: { boot: "b", mono: 1, wall: 1, synced: true },
      body: {},
    };
    const ingestMs = epoch * 10_000 + seq;
    return is === "report"
      ? { is, event, ingestMs, report: { engine, conn, intervalMs: 2_000, ttlMs: 6_000 } }
      : { is, event, ingestMs, will: { conn } };
  };

  it("end in the same state in any order, the newest word deciding", () => {
    const story = [
      item("report", 1, 1, 1, "OK"),
      item("report", 1, 1, 2, "KO"),
      item("will", 1, 1, 0, "OK"),
      item("report", 1, 2, 3, "OK"),
      item("will", 1, 2, 0, "OK"),
      item("report", 2, 1, 1, "OK"),
      item("report", 2, 1, 2, "KO"),
    ];
    const play = (items: StatusItem[]) => {
      let health: Health | null = null;
      for (const one of items) ({ health } = foldStatus(health, one, null));
      return (
        health && { epoch: health.epoch, conn: health.conn, engine: health.engine, will: health.willConn }
      );
    };
    const last = { epoch: 2, conn: 1, engine: "KO", will: null };
    expect(play(story)).toEqual(last);
    fc.assert(
      fc.property(fc.shuffledSubarray(story, { minLength: story.length }), (order) => {
        expect(play(order)).toEqual(last);
      }),
    );
  });
});

describe("the instant of a stamp", () => {
  const event = { at: { boot: "b", mono: 10_000, wall: 5, synced: false } };
  it("is the device's wall clock where that is set", () => {
    expect(instantOf({ boot: "b", mono: 1, wall: 777, synced: true }, event, 50_000)).toBe(777);
  });
  it("is reckoned back from the bridge's clock where it is not", () => {
    expect(instantOf({ boot: "b", mono: 4_000, wall: 0, synced: false }, event, 50_000)).toBe(44_000);
    expect(instantOf({ boot: "other", mono: 4_000, wall: 0, synced: false }, event, 50_000)).toBe(50_000);
  });
});
