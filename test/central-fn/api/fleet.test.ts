// The reading of the fleet that many share: how old it may be, and what ends it early.
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Fleet, openFleet } from "../../../central-fn/api/fleet.ts";
import { newCpRow } from "../../../central-fn/on-event/draft.ts";
import { type CpRow, keys } from "../../../central-fn/tables/rows.ts";
import { memoryTable } from "../../support/memory-table.ts";

const table = memoryTable();
let fleet: Fleet;
beforeEach(async () => {
  // Longer than any test: a reading never ends by its age here.
  fleet = openFleet({ table, partitions: 2, freshMs: 60_000 });
  await put({ ...newCpRow("CP-001"), fence: 1 });
  await put(newCpRow("CP-002"));
});
afterEach(async () => put({ ...newCpRow("CP-001"), fence: 0 }));

async function put(row: CpRow): Promise<void> {
  const done = await table.commit([{ do: "put", key: keys.cp(row.cp), value: row, expect: "any" }]);
  expect(done).toEqual({ is: "done" });
}
const fences = async () => (await fleet.all()).cps.map(({ cp }) => [cp.cp, cp.fence]);

it("is shared while it is fresh", async () => {
  expect(await fences()).toEqual([
    ["CP-001", 1],
    ["CP-002", 0],
  ]);
  await put({ ...newCpRow("CP-001"), fence: 2 });
  expect((await fences())[0]).toEqual(["CP-001", 1]);
});

it("is never older than what somebody was told of a single charge point", async () => {
  await fences();
  await put({ ...newCpRow("CP-001"), fence: 2 });
  await put(newCpRow("CP-003"));
  expect((await fleet.one("CP-001"))?.cp.fence).toBe(2);
  expect(await fences()).toEqual([
    ["CP-001", 2],
    ["CP-002", 0],
    ["CP-003", 0],
  ]);
});

it("stays shared when a single look found nothing new, nothing at all, or a point that is no longer listed", async () => {
  await put({ ...newCpRow("CP-009"), retired: true });
  const reading = await fleet.all();
  await fleet.one("CP-001");
  await fleet.one("CP-777");
  await fleet.one("CP-009");
  expect(await fleet.all()).toBe(reading);
});
