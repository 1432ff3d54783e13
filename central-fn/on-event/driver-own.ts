// What a driver keeps for himself: favourites, and how far the inbox was read.
import type { DriverRequest } from "../../wire/messages/index.ts";
import { keys } from "../tables/rows.ts";
import { Draft } from "./draft.ts";
import { driverOf } from "./inbox.ts";
import { nothing, type Plan, type Rows, unread } from "./plan.ts";

const favoritesAtMost = 100;

export function planFavorite(
  rows: Rows,
  { driver, cp, on }: Extract<DriverRequest, { type: "favorite" }>,
  nowMs: number,
): Plan {
  const need = unread(rows, [keys.driver(driver)]);
  if (need) return need;
  const draft = new Draft(rows, nowMs);
  const row = driverOf(draft, driver);
  if (row.favorites.includes(cp) === on) return nothing;
  const favorites = on
    ? [...row.favorites, cp].slice(-favoritesAtMost)
    : row.favorites.filter((other) => other !== cp);
  draft.put(keys.driver(driver), { ...row, favorites });
  return draft.decision();
}

export function planRead(
  rows: Rows,
  { driver, upTo }: Extract<DriverRequest, { type: "read" }>,
  nowMs: number,
): Plan {
  const need = unread(rows, [keys.driver(driver)]);
  if (need) return need;
  const draft = new Draft(rows, nowMs);
  const row = driverOf(draft, driver);
  const inboxRead = Math.min(upTo, row.inboxLast);
  if (inboxRead <= row.inboxRead) return nothing;
  draft.put(keys.driver(driver), { ...row, inboxRead });
  return draft.decision();
}
