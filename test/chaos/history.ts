// What a chaos run records: everything the checker judges, as plain JSON, so that a run can be judged again later.
import type {
  CdrRow,
  CpRow,
  DriverRow,
  InboxRow,
  ReviewRow,
  SessionRow,
} from "../../central-fn/tables/rows.ts";
import type { ChargerStatus } from "../../simulator/charger/control.messages.ts";
import type { FaultKind } from "./plan.rules.ts";

/** Instants are milliseconds of the wall clock; `mono` is the machine's monotonic clock, as devices stamp it. */
export interface History {
  seed: number;
  cps: string[];
  /** Wall clock minus monotonic clock. */
  monoToWallMs: number;
  startedAtMs: number;
  healedAtMs: number;
  quietAtMs: number;
  faults: Fault[];
  /** Services that ended although nobody asked. */
  deaths: { service: string; atMs: number; why: string }[];
  statuses: StatusSample[];
  /** When this process itself was late: what it saw then proves nothing about times. */
  lags: { atMs: number; lateMs: number }[];
  asks: Ask[];
  glimpses: Glimpse[];
  /** Inbox entries as drivers read them, by driver, in the order of reading. */
  read: Record<string, { sequence: number; message: string }[]>;
  /** Identities the bridge said to be in Kafka, heard on the broker. */
  acknowledged: string[];
  /** Identity and bytes that engines published, heard on the broker. */
  published: [string, string][];
  /** The journals of killed engines as they lay on the disk, and all of them in the end. */
  journals: JournalAtRest[];
  chargers: ChargerStatus[];
  kafka: Record<string, KafkaEntry[]>;
  offsets: { group: string; topic: string; partition: number; committed: number; end: number }[];
  tables: Tables;
}

export interface Fault {
  kind: FaultKind;
  /** Service, link, disk or, for its box, charge point. */
  target: string;
  /** The charge point it strikes; null: a driver's phone or a shared server. */
  cp: string | null;
  fromMs: number;
  /** When it was mended; a killed service: when it had started again. */
  toMs: number;
}

/** GET /cp as somebody saw it; `states` is null when Central refused, or gave no answer in time. */
export interface StatusSample {
  atMs: number;
  states: Record<string, string> | null;
  stale: boolean;
  /** No answer in time: what it would have shown is unknown. */
  late?: true;
}

/** A driver's request: what it asked under one key, and what it was told. No answer at all is unknown, not refused. */
export interface Ask {
  driver: string;
  cp: string;
  key: string;
  sids: string[];
  answer: "accepted" | "refused" | "unknown";
}

/** A session's status as the driver API showed it between asking and answer. */
export interface Glimpse {
  fromMs: number;
  toMs: number;
  sid: string;
  status: string;
}

export interface JournalAtRest {
  cp: string;
  /** Null: the last look, with everything quiet. */
  killedAtMs: number | null;
  id: string;
  epoch: number;
  state: JournalState | null;
  events: { epoch: number; seq: number; acked: boolean; parked: boolean; payload: string }[];
}

/** The part of the engine's durable state that the checker reads. */
export interface JournalState {
  register: { registerWs: number };
  session: { sid: string } | null;
  orphanFromWh: number | null;
}

export interface KafkaEntry {
  partition: number;
  offset: number;
  key: string | null;
  value: string;
}

export interface Tables {
  sessions: SessionRow[];
  cdrs: CdrRow[];
  reviews: ReviewRow[];
  cps: CpRow[];
  drivers: DriverRow[];
  inboxes: Record<string, InboxRow[]>;
  deadLetters: unknown[];
}
