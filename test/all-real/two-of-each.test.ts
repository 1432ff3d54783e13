// Central as the cloud runs it, on real servers: two events and two API processes, a sweeper and a gateway over
// DynamoDB Local. One after the other is killed without warning and started again while cars charge: what any of them
// had in memory is gone, and no truth is.
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { costMinor } from "../../central-fn/rules/cost.ts";
import { isOver } from "../../central-fn/rules/session.ts";
import { openChargerControl } from "../../simulator/charger/control.ts";
import { openDice } from "../chaos/plan.rules.ts";
import { eventually, LiveFleet } from "../support/live-fleet.ts";

const fleet = new LiveFleet(1_000);
const functions = ["api-1", "api-2", "events-1", "events-2", "sweep"].map((part) => `ev-central-${part}`);
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const killForMs = 20_000;
const looks = { all: 0, failed: [] as string[] };

beforeAll(async () => {
  await fleet.up("--servers", "real", "--central", "functions");
  await fleet.settled(2_000, 150_000);
});

afterAll(async () => {
  await fleet.down();
  fleet.remove();
});

test("any of them is killed and started again, now one, now another, and the list is always answered", async () => {
  console.log(`seed ${seed}`);
  const dice = openDice(seed);
  const until = performance.now() + killForMs;
  const over = new AbortController();
  const watching = watchList(over.signal);
  const struck = new Map<string, number>();
  // On a busy machine it takes longer until enough of them have had their turn.
  while (performance.now() < until || struck.size < 3) {
    const name = dice.one(functions) ?? "";
    await fleet.ask({ verb: "kill", services: [name] });
    await pause(dice.whole(200, 1_500));
    await fleet.ask({ verb: "start", services: [name] });
    struck.set(name, (struck.get(name) ?? 0) + 1);
    // The other one of two may not be struck before this one serves again.
    await pause(dice.whole(500, 1_500));
  }
  over.abort();
  await watching;
  console.log(`killed ${[...struck].map(([name, times]) => `${name} ${times} times`).join(", ")}`);
  console.log(`GET /cp: ${looks.all} answers, ${looks.failed.length} failed`);
  expect(looks.all).toBeGreaterThan(struck.size);
  expect(looks.failed).toEqual([]);
});

test("then every charge point is On, and every session has come to its end", async () => {
  const drivers = ["alice", "bob", "carol", "dave", "eve"].map((name) => `ev-driver-${name}`);
  await fleet.whole(90_000);
  await eventually("bills", () => fleet.cdrs.length >= 5 || undefined, 120_000);
  await fleet.ev("stop", ...drivers);
  await eventually("no session runs", () => quiet() || undefined, 150_000);
});

test("every session that charged has exactly one bill, to the cent of what its charger metered", async () => {
  const { cdrs, sessions, reviews, cpRows } = fleet;
  expect(new Set(cdrs.map(({ sid }) => sid)).size).toBe(cdrs.length);
  expect(cdrs.map(({ sid }) => sid).sort()).toEqual(
    sessions
      .filter(({ rank }) => rank === "BILLED")
      .map(({ sid }) => sid)
      .sort(),
  );
  for (const cdr of cdrs) {
    expect(cdr.energyWh).toBe(cdr.registerEndWh - cdr.registerStartWh);
    expect(cdr.amountMinor).toBe(costMinor(cdr.energyWh, cdr.tariff.priceE5PerKwh));
  }
  for (const { cp } of cpRows) {
    const billed = cdrs.filter((cdr) => cdr.cp === cp).reduce((sum, { energyWh }) => sum + energyWh, 0);
    const reviewed = reviews
      .filter((review) => review.cp === cp)
      .reduce((sum, review) => sum + (review.registerEndWh ?? 0) - (review.registerStartWh ?? 0), 0);
    expect(billed + reviewed, `${cp}: what its engine counted`).toBe(fleet.registerWh(cp));
    const control = await openChargerControl(join(fleet.places.sockets, `${cp}.box.sock`));
    const { meteredRegisterWs } = await control.status();
    control.close();
    expect(billed + reviewed, `${cp}: what its charger metered`).toBeLessThanOrEqual(
      meteredRegisterWs / 3600,
    );
  }
  console.log(`${cdrs.length} bills, ${sessions.length} sessions, ${reviews.length} reviews`);
});

test("nothing was written that its reader could not use", () => {
  expect(fleet.rows("dead-letters")).toEqual([]);
});

/** As a page does: one look after the other, each of which must be answered, whoever is dead. */
async function watchList(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await fleet.cps().then(
      ({ charging_points }) => {
        looks.all += 1;
        if (charging_points.length !== 10) looks.failed.push(`${charging_points.length} charge points`);
      },
      (error: unknown) => looks.failed.push(String(error)),
    );
    await pause(250, undefined, { signal }).catch(() => {});
  }
}

/** No session runs; a car that overstays may still be plugged in. */
function quiet(): boolean {
  return (
    fleet.cpRows.every((row) => !row.claim || row.claim.state === "finishing") &&
    fleet.sessions.every(({ rank }) => isOver(rank))
  );
}
