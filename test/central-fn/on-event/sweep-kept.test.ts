// The sweeper of a living process keeps the rows it read: it must see every change all the same.
import { expect, it } from "vitest";
import { newCpRow } from "../../../central-fn/on-event/draft.ts";
import { perform } from "../../../central-fn/on-event/execute.ts";
import { sweepTimes } from "../../../central-fn/on-event/sweep.rules.ts";
import { sweep } from "../../../central-fn/on-event/sweep.ts";
import { keepRows } from "../../../central-fn/tables/kept.ts";
import { type CpRow, keys } from "../../../central-fn/tables/rows.ts";
import { openSqliteTable } from "../../../central-fn/tables/sqlite.ts";
import { silentLog } from "../../../wire/process/log.ts";
import { openCommand } from "./story.ts";

const nowMs = 1_800_000_000_000;
const watch = openCommand({
  op: "watch",
  storedAtMs: nowMs - sweepTimes.watchMs - 1,
  publishedAtMs: nowMs,
  publishes: 1,
});

it("what is due after a sweep that found nothing is done by the next, once", async () => {
  const table = openSqliteTable(":memory:");
  const hands = { table, log: silentLog, send: async () => {} };
  const kept = keepRows();
  const swept = () =>
    perform(
      sweep(8, () => nowMs, sweepTimes, kept),
      hands,
    );
  const put = (row: CpRow) => table.commit([{ do: "put", key: keys.cp(row.cp), value: row, expect: "any" }]);
  await put(newCpRow("CP-001"));
  await put(newCpRow("CP-002"));
  expect(await swept()).toBe(0);
  await put({ ...newCpRow("CP-001"), commands: [watch] });
  expect(await swept()).toBe(1);
  expect((await table.get<CpRow>(keys.cp("CP-001")))?.value.commands).toEqual([]);
  expect(await swept()).toBe(0);
  await table.close();
});
