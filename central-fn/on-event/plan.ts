// What a handler is: a pure function from a record and the rows it asked for to what is written, sent and said.
//
// 1. A plan is synchronous and takes every instant as data; run again with the same rows it decides the same.
// 2. Writes carry the versions that were read: whoever comes second reads again and decides again.
// 3. Sends and log lines happen only after the commit.
import type { DeadLetter, Downlink, DriverUpdate } from "../../wire/messages/index.ts";
import type { Replay } from "../rules/dead-letter.ts";
import type { Key, Row, Write } from "../tables/port.ts";

/** The rows read so far. */
export interface Rows {
  /** False: not read yet, so nothing can be said about it. */
  has(key: Key): boolean;
  /** Undefined: absent from the table. Asking for a key that was not read is a bug and throws. */
  get<V>(key: Key): Row<V> | undefined;
}

/** Run the plan again when these were read too. */
export interface Need {
  need: Key[];
}

export type Send =
  | { to: "cp"; cp: string; message: Downlink }
  | { to: "driver"; message: DriverUpdate }
  | { to: "dead-letters"; message: DeadLetter }
  | ({ to: "topic" } & Replay);

export interface LogLine {
  level: "info" | "warn" | "error";
  text: string;
}

export interface Decision {
  writes: Write[];
  sends: Send[];
  logs: LogLine[];
  /** Why the record is no use although it can be read: it is buried after the commit. */
  unusable?: string;
}

export type Plan = Need | Decision;
export type PlanOf = (rows: Rows) => Plan;

/** Those among the keys that were not read yet, as a plan's answer; undefined when all were. */
export function unread(rows: Rows, keys: readonly Key[]): Need | undefined {
  const need = keys.filter((key) => !rows.has(key));
  return need.length > 0 ? { need } : undefined;
}

export function keyText(key: Key): string {
  return `${key.pk}|${key.sk}`;
}

export const nothing: Decision = { writes: [], sends: [], logs: [] };
