// What is stored of operators' doings, by name: requests and what became of them, tariffs, announcements, and what
// devices must still be told. Written by the handlers only.
import type { Key } from "./port.ts";
import type { EventPlace } from "./rows.ts";

const pad = (n: number, width: number) => String(n).padStart(width, "0");

export const operatorKeys = {
  /** Its presence makes a repeated record free of effect. */
  operation: (id: string): Key => ({ pk: `operation#${id}`, sk: "operation" }),
  /** Whose a session is, by its id alone. */
  sessionOwner: (sid: string): Key => ({ pk: `sid#${sid}`, sk: "owner" }),
  tariff: (cp: string, version: number): Key => ({ pk: `tariffs#${cp}`, sk: pad(version, 8) }),
  /** The announcement again, by its end: one query finds those that have not ended. */
  alertUntil: (untilMs: number | null, id: string): Key => ({
    pk: "alerts-until",
    sk: `${untilMs === null ? "9".repeat(15) : pad(untilMs, 15)}#${id}`,
  }),
  /** Resolved dead letters that the device is told of again at each hello. */
  unparked: (cp: string): Key => ({ pk: `unparked#${cp}`, sk: "unparked" }),
} as const;

export const operatorPartitions = {
  alerts: "alerts",
  alertsUntil: "alerts-until",
  deadLetters: "dead-letters",
  reviews: "reviews",
  tariffs: (cp: string) => `tariffs#${cp}`,
  audit: (day: string) => `audit#${day}`,
} as const;

/** A request of an operator and what became of it. */
export interface OperationRow {
  id: string;
  operator: string;
  type: string;
  cp: string | null;
  sid: string | null;
  driver: string | null;
  /** Of the call's words, to tell a repeat from another call under the same Idempotency-Key. */
  fingerprint: string | null;
  outcome: "done" | "refused";
  reason: string | null;
  requestedAtMs: number;
  decidedAtMs: number;
  /** The command it became; null: it needed none. */
  cmdId: string | null;
  /** The device's word on that command. */
  answer: { result: "applied" | "refused"; reason: string | null; atMs: number } | null;
  /** Charge points that an order to the whole fleet reached. */
  reached?: number;
}

export interface OwnerRow {
  sid: string;
  driver: string;
  cp: string;
}

/** A version of a charge point's price; sessions keep the one under which they were granted. */
export interface TariffRow {
  cp: string;
  version: number;
  priceE5PerKwh: number;
  currency: "EUR";
  /** Whose word it was: the charge point's own file, or an operator's. */
  source: "registration" | "operator";
  by: string | null;
  reason: string | null;
  fromMs: number;
}

export interface AlertRow {
  id: string;
  title: string;
  message: string;
  severity: "INFO" | "WARN" | "CRITICAL";
  effectiveAtMs: number;
  /** Null: until it is ended. */
  expiresAtMs: number | null;
  by: string;
  createdAtMs: number;
  ended: { by: string; reason: string | null; atMs: number } | null;
}

export interface UnparkedRow {
  events: (EventPlace & { how: "replayed" | "dismissed" })[];
}
