// The bill against arithmetic done the way one does it on paper, and over the nights in which the clocks change.
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { costMinor, energyWithinCost } from "../../central-fn/rules/cost.ts";
import { type CdrRow, dayOf, type SessionRow } from "../../central-fn/tables/rows.ts";
import { alice, newSid, Story } from "../central-fn/on-event/story.ts";

/** Long multiplication on decimal digits, then half-up to whole cents: no BigInt, no floating point. */
function onPaper(energyWh: number, priceE5PerKwh: number): number {
  const a = [...String(energyWh)].reverse().map(Number);
  const b = [...String(priceE5PerKwh)].reverse().map(Number);
  const product: number[] = Array.from({ length: a.length + b.length }, () => 0);
  a.forEach((x, i) => {
    b.forEach((y, j) => {
      product[i + j] = (product[i + j] ?? 0) + x * y;
    });
  });
  for (let i = 0; i < product.length; i++) {
    const digit = product[i] ?? 0;
    product[i] = digit % 10;
    if (digit >= 10) product[i + 1] = (product[i + 1] ?? 0) + Math.floor(digit / 10);
  }
  // Wh × 10⁻⁵ €/kWh is 10⁻⁶ cents: six digits stand behind the point, the first of them rounds.
  const cents = Number(product.slice(6).reverse().join("") || "0");
  return cents + ((product[5] ?? 0) >= 5 ? 1 : 0);
}

const energyWh = fc.oneof(fc.nat(200_000), fc.nat(10_000_000_000));
const price = fc.oneof(fc.integer({ min: 20_000, max: 99_999 }), fc.nat(10_000_000));

describe("the bill", () => {
  it("is what one gets on paper, for every energy and price", () => {
    fc.assert(
      fc.property(energyWh, price, (wh, e5) => {
        expect(costMinor(wh, e5)).toBe(onPaper(wh, e5));
      }),
      { numRuns: 5_000 },
    );
  });

  it("goes up at exactly half a cent, and stays down just below it", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.constantFrom(1, 2, 4, 5, 8, 10, 20, 25, 50, 100), (cents, e5) => {
        // Whole Wh at this price reach exactly cents + ½ where half a cent is a multiple of the price.
        const halfE6 = BigInt(cents) * 1_000_000n + 500_000n;
        const wh = Number(halfE6 / BigInt(e5));
        expect(BigInt(wh) * BigInt(e5)).toBe(halfE6);
        expect([costMinor(wh, e5), costMinor(wh - 1, e5)]).toEqual([cents + 1, cents]);
      }),
    );
  });

  it("of consecutive meter readings differs from the bill of all by no more than half a cent each", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100_000), { minLength: 1, maxLength: 12 }), price, (parts, e5) => {
        const whole = costMinor(
          parts.reduce((sum, wh) => sum + wh, 0),
          e5,
        );
        const each = parts.reduce((sum, wh) => sum + costMinor(wh, e5), 0);
        expect(Math.abs(whole - each)).toBeLessThanOrEqual((parts.length + 1) / 2);
      }),
    );
  });
});

describe("a limit in money", () => {
  it("is the largest energy whose bill stays within it, found by halving on paper", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.integer({ min: 1, max: 10_000_000 }), (limit, e5) => {
        let within = 0;
        let beyond = (limit + 1) * 1_000_000 + 1;
        while (beyond - within > 1) {
          const middle = Math.floor((within + beyond) / 2);
          if (onPaper(middle, e5) <= limit) within = middle;
          else beyond = middle;
        }
        expect(energyWithinCost(limit, e5)).toBe(within);
      }),
      { numRuns: 200 },
    );
  });
});

describe("the nights in which Madrid changes its clocks", () => {
  const zone = process.env.TZ;
  afterEach(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });

  /** What is stored of a session from one instant to the other, on a machine in that zone. */
  function stored(timeZone: string, fromMs: number, toMs: number) {
    process.env.TZ = timeZone;
    const story = new Story();
    const at = (wallMs: number) => ({
      boot: "boot-1",
      mono: wallMs - fromMs + 100_000,
      wall: wallMs,
      synced: true,
    });
    story.nowMs = fromMs;
    const hello = { at: at(fromMs) };
    story.register(30_000, hello);
    story.hello(hello);
    story.status("OK", 1, hello);
    story.canary();
    const sid = newSid();
    story.request(sid);
    const grant = story.grantOf(sid);
    story.say(
      "session.started",
      { ...grant, registerStartWh: 1_000, startedAt: at(fromMs) },
      { at: at(fromMs) },
    );
    story.nowMs = toMs;
    story.say(
      "session.ended",
      {
        ...grant,
        registerStartWh: 1_000,
        registerEndWh: 43_345,
        startedAt: at(fromMs),
        endedAt: at(toMs),
        durationMs: toMs - fromMs,
        reason: "EVDisconnected",
        plugged: false,
      },
      { at: at(toMs) },
    );
    const text = (value: unknown) => JSON.stringify(value).replaceAll(sid.slice(2), "SID");
    return {
      rows: text(story.table.dump()),
      cdr: story.cdr(sid) as CdrRow,
      session: story.session(sid) as SessionRow,
      billsOf: (day: string) => story.table.queryNow(`cdrs#${day}`).length,
    };
  }

  it.each([
    ["spring: 02:00 is 03:00 at once", Date.UTC(2026, 2, 29, 1)],
    ["autumn: 02:00 to 03:00 comes twice", Date.UTC(2026, 9, 25, 1)],
  ])("%s, and a session over it has the same bill, length and day on every machine", (_, changeMs) => {
    process.env.TZ = "Europe/Madrid";
    const offsets = [changeMs - 1, changeMs].map((ms) => new Date(ms).getTimezoneOffset());
    expect(Math.abs((offsets[0] ?? 0) - (offsets[1] ?? 0)), "the clocks do change there").toBe(60);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 240 }), fc.integer({ min: 1, max: 240 }), (before, after) => {
        const fromMs = changeMs - before * 60_000;
        const toMs = changeMs + after * 60_000;
        const [utc, madrid, auckland] = ["UTC", "Europe/Madrid", "Pacific/Auckland"].map((timeZone) =>
          stored(timeZone, fromMs, toMs),
        );
        expect(madrid?.rows).toBe(utc?.rows);
        expect(auckland?.rows).toBe(utc?.rows);
        expect(madrid?.cdr).toMatchObject({
          driver: alice,
          startedAtMs: fromMs,
          endedAtMs: toMs,
          durationMs: (before + after) * 60_000,
          energyWh: 42_345,
          amountMinor: onPaper(42_345, 30_000),
        });
        const day = new Date(toMs).toISOString().slice(0, 10);
        expect([dayOf(toMs), madrid?.billsOf(day)]).toEqual([day, 1]);
      }),
      { numRuns: 25 },
    );
  });

  it("a bill belongs to the UTC day of its end, whatever the date on the wall in Madrid", () => {
    const end = Date.UTC(2026, 9, 24, 22, 30);
    const { billsOf } = stored("Europe/Madrid", end - 3_600_000, end);
    expect(new Date(end).getDate(), "there it is the 25th already").toBe(25);
    expect([billsOf("2026-10-24"), billsOf("2026-10-25")]).toEqual([1, 0]);
  });
});
