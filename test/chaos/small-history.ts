// The history of a quiet minute with one session, for tests of the checker to damage in one place each.
import type {
  CdrRow,
  CpRow,
  DriverRow,
  InboxRow,
  ReviewRow,
  SessionRow,
} from "../../central-fn/tables/rows.ts";
import type { ChargerStatus } from "../../simulator/charger/control.messages.ts";
import type { Fault, History, JournalAtRest } from "./history.ts";

export const cp = "CP-001";
export const driver = "driver-alice";
export const sid = "S-CP-001-0123456789abcdef";
const journal = "11111111-2222-4333-8444-555555555555";
const cmdId = `${sid}-start`;
const tariff = { version: 1, priceE5PerKwh: 30_000, currency: "EUR" as const };
const wall0 = 1_800_000_000_000;

/** An event as an engine publishes it, `mono` ms after the machine's start. */
export function event(seq: number, type: string, body: object, mono: number): string {
  const at = { boot: "boot-1", mono, wall: wall0 + mono, synced: true };
  return JSON.stringify({ v: 1, cp, src: "engine", journal, epoch: 1, seq, prev: seq - 1, type, at, body });
}

export function identity(seq: number): string {
  return `${cp}/engine/${journal}/1/${seq}`;
}

const grant = { sid, driver, cmdId, fence: 1, tariff };

export const bodies = {
  applied: { cmdId, op: "start-supply", sid, fence: 1, result: "applied" },
  started: { ...grant, registerStartWh: 100 },
  ended: { ...grant, registerStartWh: 100, registerEndWh: 350, reason: "EnergyLimitReached", plugged: false },
};

function record(value: string, offset: number) {
  return { partition: 0, offset, key: cp, value };
}

function kafka(): History["kafka"] {
  const events = [
    event(1, "orphan", { registerFromWh: 0, registerToWh: 100, cause: "test" }, 1_000),
    event(2, "answer", bodies.applied, 2_000),
    event(3, "session.started", bodies.started, 4_000),
    event(4, "session.ended", bodies.ended, 34_000),
  ];
  const start = { v: 1, type: "start", sid, driver, cp };
  return {
    "cp.events": events.map(record),
    "cp.telemetry": [],
    "cp.status": [],
    "central.commands": [record(JSON.stringify({ kind: "command", op: "start-supply", sid, cmdId }), 0)],
    "driver.requests": [record(JSON.stringify(start), 0)],
    "operator.requests": [],
    "driver.updates": [],
    "dead-letters": [],
  };
}

function session(): SessionRow {
  return {
    sid,
    driver,
    cp,
    vehicleId: null,
    rank: "BILLED",
    interrupted: false,
    overdue: false,
    limit: null,
    requestedAtMs: wall0 + 1_500,
    expiresAtMs: null,
    decidedAtMs: wall0 + 1_600,
    reason: null,
    fence: 1,
    cmdId,
    command: { state: "applied", reason: null },
    tariff,
    startedAtMs: wall0 + 4_000,
    endedAtMs: wall0 + 34_000,
    registerStartWh: 100,
    registerEndWh: 350,
    energyWh: 250,
    costMinor: 8,
    stopReason: "EnergyLimitReached",
    cdrId: `CDR-${sid}`,
  };
}

export function cdr(): CdrRow {
  return {
    cdrId: `CDR-${sid}`,
    sid,
    driver,
    cp,
    vehicleId: null,
    startedAtMs: wall0 + 4_000,
    endedAtMs: wall0 + 34_000,
    durationMs: 30_000,
    registerStartWh: 100,
    registerEndWh: 350,
    energyWh: 250,
    tariff,
    amountMinor: 8,
    currency: "EUR",
    stopReason: "EnergyLimitReached",
    event: { journal, epoch: 1, seq: 4 },
    createdAtMs: wall0 + 34_100,
  };
}

/** What flowed without a session waits for an operator. */
function orphanReview(): ReviewRow {
  return {
    id: "orphan-1",
    cp,
    sid: null,
    driver: null,
    cause: "test",
    registerStartWh: 0,
    registerEndWh: 100,
    tariff: null,
    openedAtMs: wall0 + 1_100,
    settled: null,
  };
}

function inbox(): InboxRow[] {
  return ["accepted", "started", "completed"].map((what, i) => ({
    sequence: i + 1,
    createdAtMs: wall0,
    type: "SESSION",
    message: what,
    sid,
    cp,
    event: what,
  }));
}

function cpRow(): CpRow {
  return {
    cp,
    registration: null,
    registeredAtMs: null,
    registeredBy: null,
    tariff,
    health: null,
    shown: null,
    marks: [],
    engine: null,
    fence: 1,
    claim: null,
    commands: [],
    retired: false,
  };
}

function charger(): ChargerStatus {
  return {
    cp,
    firmware: "8.2.3",
    power: "running",
    state: "fe",
    relayClosed: false,
    plugged: false,
    offer: "withheld",
    amps: 32,
    maxAmps: 32,
    currentMa: 0,
    sessionWs: 0,
    totalWh: 0,
    ctRatio: 1,
    powerW: 0,
    trueRegisterWs: 351 * 3_600,
    meteredRegisterWs: 351 * 3_600,
    intervals: [{ startMono: 3_900, endMono: 33_000, ws: 251 * 3_600, meteredWs: 251 * 3_600 }],
    car: null,
    cars: "auto",
    fault: "none",
    celsius: 25,
    mono: 60_000,
  };
}

export function restingJournal(): JournalAtRest {
  return {
    cp,
    killedAtMs: null,
    id: journal,
    epoch: 1,
    state: { register: { registerWs: 350 * 3_600 + 10 }, session: null, orphanFromWh: null },
    events: [],
  };
}

export function fault(kind: Fault["kind"], target: string, fromMs: number, toMs: number): Fault {
  return { kind, target, cp, fromMs: wall0 + fromMs, toMs: wall0 + toMs };
}

/** GET /cp twice a second from 0 to 60 s. */
function statuses(): History["statuses"] {
  return Array.from({ length: 120 }, (_, i) => ({
    atMs: wall0 + i * 500,
    states: { [cp]: "ON" },
    stale: false,
  }));
}

/** Central refuses every look from `fromMs` to `toMs` after the start, or (`late`) leaves it without an answer in time. */
export function isSilent(history: History, fromMs: number, toMs: number, late: boolean): void {
  for (const sample of history.statuses)
    if (sample.atMs >= wall0 + fromMs && sample.atMs < wall0 + toMs)
      Object.assign(sample, { states: null, stale: true, ...(late && { late: true }) });
}

/** The display says `state` from `fromMs` to `toMs` after the start. */
export function shows(history: History, state: string, fromMs: number, toMs: number): void {
  for (const sample of history.statuses)
    if (sample.atMs >= wall0 + fromMs && sample.atMs < wall0 + toMs) sample.states = { [cp]: state };
}

export function smallHistory(): History {
  const driverRow: DriverRow = { driver, activeSid: null, inboxLast: 3, inboxRead: 0, favorites: [] };
  return {
    seed: 1,
    cps: [cp],
    monoToWallMs: wall0,
    startedAtMs: wall0,
    healedAtMs: wall0 + 40_000,
    quietAtMs: wall0 + 60_000,
    faults: [],
    deaths: [],
    statuses: statuses(),
    lags: [],
    asks: [{ driver, cp, key: "k-1", sids: [sid, sid], answer: "accepted" }],
    glimpses: [
      { fromMs: wall0 + 1_000, toMs: wall0 + 1_010, sid, status: "PENDING" },
      { fromMs: wall0 + 5_000, toMs: wall0 + 5_010, sid, status: "CHARGING" },
      { fromMs: wall0 + 40_000, toMs: wall0 + 40_010, sid, status: "COMPLETED" },
    ],
    read: { [driver]: inbox().map(({ sequence, message }) => ({ sequence, message })) },
    acknowledged: [1, 2, 3, 4].map(identity),
    published: (kafka()["cp.events"] ?? []).map(({ value }, i) => [identity(i + 1), value]),
    journals: [restingJournal()],
    chargers: [charger()],
    kafka: kafka(),
    offsets: [{ group: "central", topic: "cp.events", partition: 0, committed: 4, end: 4 }],
    tables: {
      sessions: [session()],
      cdrs: [cdr()],
      reviews: [orphanReview()],
      cps: [cpRow()],
      drivers: [driverRow],
      inboxes: { [driver]: inbox() },
      deadLetters: [],
    },
  };
}

/** The only one of a list. */
export function only<T>(list: readonly T[] | undefined): T {
  const [first] = list ?? [];
  if (first === undefined) throw new Error("the list is empty");
  return first;
}
