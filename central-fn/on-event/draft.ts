// A decision in the making: reads give what was read or already changed, puts collect into one commit.
import type { Key, Write } from "../tables/port.ts";
import { maxWritesPerCommit } from "../tables/port.ts";
import {
  type Claim,
  type CpRow,
  type DriverRow,
  keys,
  type ReviewRow,
  type SessionRow,
} from "../tables/rows.ts";
import { type Decision, keyText, type LogLine, type Rows, type Send } from "./plan.ts";

export class Draft {
  readonly nowMs: number;
  readonly sends: Send[] = [];
  readonly logs: LogLine[] = [];
  readonly #rows: Rows;
  readonly #writes = new Map<string, Write>();

  /** `nowMs` is the instant that rows written by this decision carry. */
  constructor(rows: Rows, nowMs: number) {
    this.#rows = rows;
    this.nowMs = nowMs;
  }

  get<V>(key: Key): V | undefined {
    const write = this.#writes.get(keyText(key));
    if (write?.do === "put") return write.value as V;
    return this.#rows.get<V>(key)?.value;
  }

  /** Writes a row that was read before, under the version that was read. */
  put(key: Key, value: unknown): void {
    const expect = this.#rows.get(key)?.version ?? 0;
    this.#writes.set(keyText(key), { do: "put", key, value, expect });
  }

  /** Writes a row nobody else writes differently; it need not have been read. */
  overwrite(key: Key, value: unknown): void {
    this.#writes.set(keyText(key), { do: "put", key, value, expect: "any" });
  }

  /** Writes a row that must not exist yet. */
  create(key: Key, value: unknown): void {
    this.#writes.set(keyText(key), { do: "put", key, value, expect: 0 });
  }

  remove(key: Key): void {
    this.#writes.set(keyText(key), { do: "delete", key, expect: "any" });
  }

  /** The decision holds only while this row is as it was read. */
  unchanged(key: Key): void {
    if (this.#writes.has(keyText(key))) return;
    this.#writes.set(keyText(key), { do: "check", key, expect: this.#rows.get(key)?.version ?? 0 });
  }

  send(send: Send): void {
    this.sends.push(send);
  }

  info(text: string): void {
    this.logs.push({ level: "info", text });
  }

  warn(text: string): void {
    this.logs.push({ level: "warn", text });
  }

  error(text: string): void {
    this.logs.push({ level: "error", text });
  }

  decision(): Decision {
    const writes = [...this.#writes.values()];
    if (writes.length > maxWritesPerCommit) throw new Error(`${writes.length} writes in one decision`);
    const changes = writes.some((write) => write.do !== "check");
    return { writes: changes ? writes : [], sends: this.sends, logs: this.logs };
  }
}

/** A decision about one charge point and whoever charges there. */
export class CpDraft extends Draft {
  readonly cp: string;

  constructor(rows: Rows, nowMs: number, cp: string) {
    super(rows, nowMs);
    this.cp = cp;
  }

  get row(): CpRow {
    return this.get<CpRow>(keys.cp(this.cp)) ?? newCpRow(this.cp);
  }

  change(change: Partial<CpRow>): void {
    this.put(keys.cp(this.cp), { ...this.row, ...change });
  }

  session(driver: string, sid: string): SessionRow | undefined {
    return this.get<SessionRow>(keys.session(driver, sid));
  }

  changeSession(session: SessionRow, change: Partial<SessionRow>): SessionRow {
    const next = { ...session, ...change };
    this.put(keys.session(session.driver, session.sid), next);
    return next;
  }

  review(sid: string): ReviewRow | undefined {
    return this.get<ReviewRow>(keys.review(sid));
  }
}

export function newCpRow(cp: string): CpRow {
  return {
    cp,
    registration: null,
    registeredAtMs: null,
    registeredBy: null,
    tariff: null,
    health: null,
    shown: null,
    marks: [],
    engine: null,
    fence: 0,
    claim: null,
    commands: [],
    retired: false,
  };
}

export function newDriverRow(driver: string): DriverRow {
  return { driver, activeSid: null, inboxLast: 0, inboxRead: 0, favorites: [] };
}

/** Rows that a decision about the claim's session needs. */
export function claimKeys(claim: Claim | null): Key[] {
  if (!claim) return [];
  return sessionKeys(claim.driver, claim.sid);
}

export function sessionKeys(driver: string, sid: string): Key[] {
  return [keys.session(driver, sid), keys.driver(driver), keys.review(sid)];
}
