// What a driver is told: one entry with the next sequence number, in the same commit as what it tells of.
import { type DriverRow, type InboxRow, keys } from "../tables/rows.ts";
import { type Draft, newDriverRow } from "./draft.ts";

/** Older entries are forgotten, so that an inbox stays bounded. */
export const inboxEntriesKept = 500;

export interface Tiding {
  event: string;
  message: string;
  sid: string | null;
  cp: string | null;
  type?: InboxRow["type"];
}

/** Needs the driver's row. */
export function tell(draft: Draft, driver: string, tiding: Tiding): void {
  const row = driverOf(draft, driver);
  const sequence = row.inboxLast + 1;
  const { event, message, sid, cp, type = "SESSION" } = tiding;
  const entry: InboxRow = { sequence, createdAtMs: draft.nowMs, type, message, sid, cp, event };
  draft.create(keys.inbox(driver, sequence), entry);
  draft.put(keys.driver(driver), { ...row, inboxLast: sequence });
  if (sequence > inboxEntriesKept) draft.remove(keys.inbox(driver, sequence - inboxEntriesKept));
  draft.send({
    to: "driver",
    message: { v: 1, driver, sequence, event, sid, cp, message, atMs: draft.nowMs },
  });
}

export function driverOf(draft: Draft, driver: string): DriverRow {
  return draft.get<DriverRow>(keys.driver(driver)) ?? newDriverRow(driver);
}

/** The session no longer occupies its driver. */
export function freeDriver(draft: Draft, driver: string, sid: string): void {
  const row = driverOf(draft, driver);
  if (row.activeSid === sid) draft.put(keys.driver(driver), { ...row, activeSid: null });
}

/** The session occupies its driver, unless another one does by now. */
export function occupyDriver(draft: Draft, driver: string, sid: string): void {
  const row = driverOf(draft, driver);
  if (row.activeSid === null) draft.put(keys.driver(driver), { ...row, activeSid: sid });
}
