// What is stored, by name: keys and values of every row. Written by the handlers only; read by them and the APIs.
//
// 1. Rows of one driver share pk `driver#<id>`, so that ownership stands in the query key.
// 2. Charge points are spread over 64 partitions by shard, so that one query lists a shard.
// 3. Money in integers: 10⁻⁵ € per kWh for prices, cents for amounts; energy in Wh; instants in ms UTC.
import {
  type Limit,
  type Registration,
  type Stamp,
  type StopReason,
  shardCount,
  shardOf,
  type Tariff,
} from "../../wire/messages/index.ts";
import type { Key } from "./port.ts";

const pad = (n: number, width: number) => String(n).padStart(width, "0");

export const keys = {
  cp: (cp: string): Key => ({ pk: `cps#${pad(shardOf(cp), 2)}`, sk: cp }),
  /** Newest figures of a running session; hot, never needed for a bill. */
  live: (cp: string): Key => ({ pk: `live#${pad(shardOf(cp), 2)}`, sk: cp }),
  /** When each charge point of some Kafka partitions of cp.status was last heard, and their canaries. */
  feeds: (feed: number): Key => ({ pk: `feed#${pad(feedsRowOf(feed), 3)}`, sk: "feeds" }),
  transition: (cp: string, atMs: number, n: number): Key => ({
    pk: `history#${cp}`,
    sk: `${pad(atMs, 15)}#${pad(n, 8)}`,
  }),
  driver: (driver: string): Key => ({ pk: `driver#${driver}`, sk: "driver" }),
  session: (driver: string, sid: string): Key => ({ pk: `driver#${driver}`, sk: `session#${sid}` }),
  /** Index of a driver's sessions by the time of their request. */
  past: (driver: string, atMs: number, sid: string): Key => ({
    pk: `driver#${driver}`,
    sk: `past#${pad(atMs, 15)}#${sid}`,
  }),
  inbox: (driver: string, sequence: number): Key => ({
    pk: `driver#${driver}`,
    sk: `inbox#${pad(sequence, 12)}`,
  }),
  /** The one final bill of a session; its absence is the condition under which it is written. */
  cdr: (driver: string, sid: string): Key => ({ pk: `driver#${driver}`, sk: `cdr#${sid}` }),
  /** Index for operators: sessions and bills of a UTC day, newest last. */
  sessionOfDay: (atMs: number, sid: string): Key => ({
    pk: `sessions#${dayOf(atMs)}`,
    sk: `${pad(atMs, 15)}#${sid}`,
  }),
  cdrOfDay: (atMs: number, sid: string): Key => ({
    pk: `cdrs#${dayOf(atMs)}`,
    sk: `${pad(atMs, 15)}#${sid}`,
  }),
  review: (id: string): Key => ({ pk: "reviews", sk: id }),
  deadLetter: (id: string): Key => ({ pk: "dead-letters", sk: id }),
  audit: (atMs: number, id: string): Key => ({ pk: `audit#${dayOf(atMs)}`, sk: `${pad(atMs, 15)}#${id}` }),
  alert: (id: string): Key => ({ pk: "alerts", sk: id }),
} as const;

export const partitions = {
  cps: Array.from({ length: shardCount }, (_, shard) => `cps#${pad(shard, 2)}`),
  live: Array.from({ length: shardCount }, (_, shard) => `live#${pad(shard, 2)}`),
  ofDriver: (driver: string) => `driver#${driver}`,
  history: (cp: string) => `history#${cp}`,
} as const;

/** Feeds that share a row: 10,000 charge points on 8 feeds take 250 KB of the 350 KB that a row may have. */
export const feedsPerRow = 8;

/** The number of the row that a feed is in. */
export function feedsRowOf(feed: number): number {
  return Math.floor(feed / feedsPerRow);
}

/** Every row that holds feeds, where there are so many. */
export function feedsKeys(feeds: number): Key[] {
  return Array.from({ length: feedsRowOf(feeds - 1) + 1 }, (_, row) => keys.feeds(row * feedsPerRow));
}

export function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

/** De-duplication of one (journal, epoch) on cp.events: every event up to `mark` is processed, and those in `window`. */
export interface EventMark {
  journal: string;
  epoch: number;
  mark: number;
  /** Processed beyond a hole, as [prev, seq], ascending; at most 256. */
  window: [number, number][];
  /** The device said that nothing of earlier epochs is pending: their events are duplicates. */
  oldest?: true;
  /** The epoch that was done then, and its last event: whoever goes on in it has a copy of the disk. */
  before?: { epoch: number; mark: number };
  /** The operating system's boot of its first event: one epoch is one process, so another boot is another device. */
  boot?: string;
}

/** Two devices speak with one journal: no figure of this charge point can be told from the other's. */
export interface Quarantine {
  cause: string;
  journal: string;
  epoch: number;
  /** The boot that was heard first, and the one that came second and is not believed. */
  boot: string;
  otherBoot: string;
  sinceMs: number;
}

/** A device event by its place in the journal. */
export interface EventPlace {
  journal: string;
  epoch: number;
  seq: number;
}

/** A command given out and not yet answered; it lives in the CP's row so that claim and command are one commit. */
export interface OpenCommand {
  cmdId: string;
  op: "start-supply" | "stop-supply" | "stop-cp" | "resume-cp" | "watch";
  sid: string | null;
  driver: string | null;
  /** The message as published, so that publishing again is identical. */
  message: Record<string, unknown>;
  storedAtMs: number;
  publishedAtMs: number | null;
  publishes: number;
  /** The operator's request that it follows from: told of the answer. */
  operation?: string;
}

export interface Claim {
  sid: string;
  driver: string;
  cmdId: string;
  fence: number;
  /** claimed: START given out · applied: intent durable · charging: relay seen closed · unknown: no answer in time,
   *  STOP is being sent · finishing: ended, the car has not left. */
  state: "claimed" | "applied" | "charging" | "unknown" | "finishing";
  sinceMs: number;
  expiresAtMs: number;
  /** The device event that brought `finishing`: only a newer word of the connector ends it. */
  by?: EventPlace;
  /** The journal that held the session is gone: released when the device reports the relay open. */
  lostJournal?: true;
  /** Its session was flagged overdue. */
  overdue?: true;
  /** How often its driver was told that it pauses. */
  pauses?: number;
  /** How often its driver was told that the charge point is back. */
  returns?: number;
  /** Since when it is back without its driver having been told. */
  backMs?: number;
}

export interface Health {
  journal: string;
  epoch: number;
  conn: number;
  seq: number;
  engine: "OK" | "KO";
  reason: string | null;
  intervalMs: number;
  ttlMs: number;
  /** ingestAt of the report that brought this engine state. */
  sinceMs: number;
  /** Connection whose last will arrived; equal to conn: the monitor is gone. */
  willConn: number | null;
}

export type ShownState = "ON" | "BROKEN" | "DISCONNECTED";

/** A driver's place in line at a charge point; what he asked for is in his session. */
export interface Place {
  sid: string;
  driver: string;
  sinceMs: number;
  expiresAtMs: number;
}

/** Who waits for a charge point. */
export interface Line {
  /** First come, first served; at most 10. */
  queue: Place[];
  /** The charge point is held for the first in the queue, who has to confirm. */
  offer: { sid: string; sinceMs: number; expiresAtMs: number } | null;
  /** Starts asked for a later hour: they hold nothing until then; at most 10. */
  scheduled: { sid: string; driver: string; startAtMs: number }[];
}

/** How long sessions last here: a running mean over the last ones. */
export interface Pace {
  sessions: number;
  meanMs: number;
}

export interface CpRow {
  cp: string;
  registration: Registration | null;
  registeredAtMs: number | null;
  /** Newest registration applied, (journal, epoch, seq) of the monitor. */
  registeredBy: { journal: string; epoch: number; seq: number } | null;
  tariff: Tariff | null;
  health: Health | null;
  /** The last transition that was written, for the history and the log lines. */
  shown: { state: ShownState; sinceMs: number; cause: string; n: number } | null;
  marks: EventMark[];
  /** Newest facts from the engine; ordered by (epoch, seq) within its journal. */
  engine: {
    journal: string;
    epoch: number;
    seq: number;
    firmware: string | null;
    /** Newest stamp seen, and the ingest time of the record that carried it: the command's echo. */
    stamp: Stamp;
    stampIngestMs: number;
    plugged: boolean;
    relayClosed: boolean;
    operative: boolean;
    registerWh: number;
  } | null;
  /** The highest fence given out. */
  fence: number;
  claim: Claim | null;
  commands: OpenCommand[];
  retired: boolean;
  /** No new session until an operator resumes the charge point. */
  quarantine?: Quarantine | null;
  /** When the newest orders of operators were given, by what they concern: an older one that comes late is refused. */
  orderedMs?: { service?: number; use?: number; price?: number };
  line?: Line;
  pace?: Pace;
}

/** Row `live`: telemetry of the running session, coalesced to one write per CP and batch. */
export interface LiveRow {
  cp: string;
  journal: string;
  epoch: number;
  seq: number;
  sid: string | null;
  powerW: number;
  registerWh: number;
  sessionWh: number;
  /** Device stamp of the newest reading and the ingest time of its message. */
  mono: number;
  ingestMs: number;
}

/** One feed as it is read, see `feedIn`. */
export interface FeedRow {
  /** ingestAt of the newest canary; null: none seen yet. */
  canaryMs: number | null;
  bridge: string | null;
  /** The last pause between canaries that was too long; null: none is known. */
  broken: Broken | null;
  /** cp → ingestAt of its newest status report; other feeds' charge points may be among them. */
  heard: Readonly<Record<string, number>>;
}

/** Instants of the canaries before and after a pause in which nothing could be heard. */
export interface Broken {
  fromMs: number;
  untilMs: number;
}

/** A feed's newest canary. */
export interface FeedCanary {
  ms: number;
  bridge: string;
  broken?: Broken;
}

/** Row `feeds`: several feeds, written together at most about once per second. */
export interface FeedsRow {
  /** The newest instant in it. */
  atMs: number;
  /** Feed → its newest canary. */
  canaries: Record<string, FeedCanary>;
  /** cp → ingestAt of its newest status report. */
  heard: Record<string, number>;
}

export type SessionRank =
  | "REQUESTED"
  | "SCHEDULED"
  | "QUEUED"
  | "OFFERED"
  | "ACCEPTED"
  | "INTENT"
  | "CHARGING"
  | "SUSPENDED"
  | "REJECTED"
  | "EXPIRED"
  | "CANCELLED"
  | "ABORTED"
  | "NEEDS_REVIEW"
  | "ENDED"
  | "BILLED";

export interface SessionRow {
  sid: string;
  driver: string;
  cp: string;
  vehicleId: string | null;
  rank: SessionRank;
  /** Shown at once, blocking the driver nowhere. */
  interrupted: boolean;
  overdue: boolean;
  limit: Limit | null;
  requestedAtMs: number;
  expiresAtMs: number | null;
  decidedAtMs: number | null;
  /** Why it was rejected, expired, aborted or sent to review. */
  reason: string | null;
  /** Its review was settled so: nothing is billed. */
  waived?: boolean;
  fence: number | null;
  cmdId: string | null;
  command: { state: "queued" | "sent" | "applied" | "refused"; reason: string | null };
  tariff: Tariff | null;
  startedAtMs: number | null;
  endedAtMs: number | null;
  registerStartWh: number | null;
  registerEndWh: number | null;
  energyWh: number | null;
  costMinor: number | null;
  stopReason: StopReason | null;
  cdrId: string | null;
  /** The device event that brought CHARGING or SUSPENDED: an older one that arrives late does not undo it. */
  by?: EventPlace;
  /** Most that it may cost, in cents: turned into energy under the tariff that is granted. */
  costLimitMinor?: number;
  /** Waits in line when the charge point is busy. */
  queue?: boolean;
  /** Asked for a later hour. */
  startAtMs?: number;
}

export interface DriverRow {
  driver: string;
  /** The session that occupies the driver; an interrupted or finished one does not. */
  activeSid: string | null;
  inboxLast: number;
  inboxRead: number;
  favorites: string[];
  /** Where the driver waits in line or for an hour; at most 3. */
  places?: { sid: string; cp: string }[];
}

export interface InboxRow {
  sequence: number;
  createdAtMs: number;
  type: "SESSION" | "QUEUE" | "ALERT";
  message: string;
  sid: string | null;
  cp: string | null;
  /** What happened, for programs: started, ended, rejected … */
  event: string;
}

/** The bill: immutable; every figure of its formula is in it. */
export interface CdrRow {
  cdrId: string;
  sid: string;
  driver: string;
  cp: string;
  vehicleId: string | null;
  startedAtMs: number | null;
  endedAtMs: number;
  durationMs: number | null;
  registerStartWh: number;
  registerEndWh: number;
  energyWh: number;
  tariff: Tariff;
  /** Cents, half up, rounded once: energyWh × priceE5PerKwh / 10⁶. */
  amountMinor: number;
  currency: "EUR";
  stopReason: StopReason;
  /** Which event made it. */
  event: { journal: string; epoch: number; seq: number };
  createdAtMs: number;
}

export interface ReviewRow {
  id: string;
  cp: string;
  sid: string | null;
  driver: string | null;
  cause: string;
  registerStartWh: number | null;
  registerEndWh: number | null;
  tariff: Tariff | null;
  openedAtMs: number;
  settled: { decision: "bill" | "waive" | "ended-late"; by: string; reason: string; atMs: number } | null;
}

export interface TransitionRow {
  cp: string;
  atMs: number;
  from: ShownState | null;
  to: ShownState;
  cause: string;
}

/** Rows `sessionOfDay` and `cdrOfDay`: where the session or bill itself is. */
export interface IndexRow {
  sid: string;
  driver: string;
  cp: string;
}

/** What an operator asked for; its presence is what makes a repeated record free of effect. */
export interface AuditRow {
  id: string;
  operator: string;
  type: string;
  cp: string | null;
  sid: string | null;
  /** The request's own fields, in words. */
  detail: string;
  outcome: "done" | "refused";
  reason: string | null;
  requestedAtMs: number;
  atMs: number;
}

export interface DeadLetterRow {
  id: string;
  where: "bridge" | "central";
  topic: string;
  reason: string;
  payloadBase64: string;
  event: string | null;
  atMs: number;
  /** When its record reached Kafka first, where Central buried it. */
  ingestMs?: number;
  /** Times it was replayed and became a dead letter again. */
  replays?: number;
  resolved: {
    by: string;
    /** replayed or dismissed */
    how: string;
    atMs: number;
    reason?: string;
    /** The request that resolved it. */
    request?: string;
  } | null;
}
