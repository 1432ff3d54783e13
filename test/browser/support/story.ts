// A fleet in rows, as the handlers would have written them: many charge points, in every state, with a past.

import { newCpRow } from "../../../central-fn/on-event/draft.ts";
import { costMinor } from "../../../central-fn/rules/cost.ts";
import { feedsRow } from "../../../central-fn/rules/feeds.ts";
import { type AlertRow, operatorKeys, type TariffRow } from "../../../central-fn/tables/operator-rows.ts";
import type { Write } from "../../../central-fn/tables/port.ts";
import {
  type AuditRow,
  type CdrRow,
  type CpRow,
  type DeadLetterRow,
  keys,
  type LiveRow,
  type ReviewRow,
  type SessionRow,
  type TransitionRow,
} from "../../../central-fn/tables/rows.ts";

export const feeds = 8;
const minute = 60_000;
const hour = 60 * minute;

export interface Station {
  cp: string;
  name: string;
  address: string;
  city: string;
  connectorType: "TYPE2" | "CCS2" | "CHADEMO";
  powerW: number;
  priceE5PerKwh: number;
  is: "free" | "charging" | "broken" | "disconnected" | "stopped" | "plugged" | "attention";
}

const cities = [
  "Alicante",
  "Barcelona",
  "Bilbao",
  "Granada",
  "Madrid",
  "Málaga",
  "Sevilla",
  "Valencia",
  "Zaragoza",
];
const streets = [
  "Gran Vía",
  "Calle Larios",
  "Plaza Nueva",
  "Avenida del Puerto",
  "Paseo Marítimo",
  "Calle Mayor",
];
const kinds = [
  { connectorType: "TYPE2", powerW: 22_000, priceE5PerKwh: 30_000 },
  { connectorType: "CCS2", powerW: 150_000, priceE5PerKwh: 45_000 },
  { connectorType: "TYPE2", powerW: 11_000, priceE5PerKwh: 28_000 },
  { connectorType: "CHADEMO", powerW: 50_000, priceE5PerKwh: 39_000 },
] as const;

/** About 40 % charge; a few of every other kind. */
export function stations(count: number): Station[] {
  const width = Math.max(3, String(count).length);
  return Array.from({ length: count }, (_, i) => ({
    cp: `CP-${String(i + 1).padStart(width, "0")}`,
    name: `${streets[(i * 7) % streets.length]} ${1 + (i % 40)}`,
    address: `${streets[(i * 7) % streets.length]} ${1 + (i % 40)}`,
    city: cities[(i * 4) % cities.length] ?? "",
    ...(kinds[(i * 3) % kinds.length] ?? kinds[0]),
    is: stateOf(i),
  }));
}

function stateOf(i: number): Station["is"] {
  if (i % 41 === 6) return "broken";
  if (i % 43 === 11) return "disconnected";
  if (i % 29 === 14) return "stopped";
  if (i % 97 === 22) return "attention";
  if (i % 13 === 5) return "plugged";
  return (i * 7) % 10 < 4 ? "charging" : "free";
}

export const sidOf = (cp: string, n = 1) => `S-${cp}-${n.toString(16).padStart(16, "0")}`;
const driverOf = (i: number) =>
  `driver-${["alice", "bob", "carol", "dave", "eve", "frank", "grace", "heidi"][i % 8]}${i < 8 ? "" : `-${Math.floor(i / 8)}`}`;
const put = (key: { pk: string; sk: string }, value: unknown): Write => ({
  do: "put",
  key,
  value,
  expect: "any",
});

/** Every charge point with what runs on it. */
export function fleetWrites(all: readonly Station[], nowMs: number): Write[] {
  return all.flatMap((station, i) => {
    const { cp } = station;
    const row = cpRowOf(station, i, nowMs);
    const sid = sidOf(cp);
    const driver = driverOf(i);
    const writes = [put(keys.cp(cp), row)];
    if (station.is === "charging") {
      const begunMs = nowMs - (4 + (i % 50)) * minute;
      writes.push(put(keys.session(driver, sid), sessionOf(station, sid, driver, begunMs)));
      writes.push(put(keys.sessionOfDay(begunMs, sid), { sid, driver, cp }));
      writes.push(put(operatorKeys.sessionOwner(sid), { sid, driver, cp }));
    }
    if (station.is === "broken" || station.is === "disconnected") {
      const shown = row.shown;
      if (shown)
        writes.push(
          put(
            keys.transition(cp, shown.sinceMs, 2),
            transition(cp, shown.sinceMs, "ON", shown.state, shown.cause),
          ),
        );
    }
    return writes;
  });
}

function transition(
  cp: string,
  atMs: number,
  from: TransitionRow["from"],
  to: TransitionRow["to"],
  cause: string,
): TransitionRow {
  return { cp, atMs, from, to, cause };
}

function cpRowOf(station: Station, i: number, nowMs: number): CpRow {
  const { cp, is, powerW, priceE5PerKwh } = station;
  const sinceMs = nowMs - (is === "broken" || is === "disconnected" ? (2 + (i % 9)) * minute : 7 * hour);
  const isDead = is === "disconnected";
  const state = isDead ? "DISCONNECTED" : is === "broken" ? "BROKEN" : "ON";
  const cause = isDead ? "last will" : is === "broken" ? "charger does not answer" : "status report";
  return {
    ...newCpRow(cp),
    registration: {
      name: station.name,
      address: station.address,
      city: station.city,
      latitude: 40 + (i % 30) / 10,
      longitude: -4 + (i % 50) / 10,
      connectorType: station.connectorType,
      amenities: ["café"],
      powerW,
      priceE5PerKwh,
      currency: "EUR",
    },
    registeredAtMs: nowMs - 30 * 24 * hour,
    tariff: { version: 1, priceE5PerKwh, currency: "EUR" },
    health: {
      journal: "11111111",
      epoch: 1,
      conn: 1,
      seq: 1,
      engine: is === "broken" ? "KO" : "OK",
      reason: is === "broken" ? cause : null,
      intervalMs: 2_000,
      ttlMs: 24 * hour,
      sinceMs,
      willConn: isDead ? 1 : null,
    },
    shown: { state, sinceMs, cause, n: 2 },
    engine: {
      journal: "6f1d0c52-8a1e-4c7b-9f53-2d5a4f9c7e10",
      epoch: 3,
      seq: 40,
      firmware: "8.2.3",
      stamp: { boot: "b", mono: 1, wall: nowMs, synced: true },
      stampIngestMs: nowMs - minute,
      plugged: is === "plugged" || is === "charging",
      relayClosed: is === "charging",
      operative: is !== "stopped",
      registerWh: 4_182_000 + i * 1_733,
    },
    fence: 1,
    ...(is === "attention"
      ? {
          quarantine: {
            cause: "two devices run with copies of one disk: cloned device?",
            journal: "6f1d0c52",
            epoch: 3,
            boot: "b",
            otherBoot: "c",
            sinceMs,
          },
        }
      : {}),
    claim:
      is === "charging"
        ? {
            sid: sidOf(cp),
            driver: driverOf(i),
            cmdId: "c",
            fence: 1,
            state: "charging",
            sinceMs: nowMs - (4 + (i % 50)) * minute,
            expiresAtMs: nowMs,
          }
        : null,
  };
}

function sessionOf(station: Station, sid: string, driver: string, begunMs: number): SessionRow {
  return {
    sid,
    driver,
    cp: station.cp,
    vehicleId: "VEH-001",
    rank: "CHARGING",
    interrupted: false,
    overdue: false,
    limit: null,
    requestedAtMs: begunMs - 4_000,
    expiresAtMs: begunMs + minute,
    decidedAtMs: begunMs - 3_900,
    reason: null,
    fence: 1,
    cmdId: "c",
    command: { state: "applied", reason: null },
    tariff: { version: 1, priceE5PerKwh: station.priceE5PerKwh, currency: "EUR" },
    startedAtMs: begunMs,
    endedAtMs: null,
    registerStartWh: 4_182_000,
    registerEndWh: null,
    energyWh: null,
    costMinor: null,
    stopReason: null,
    cdrId: null,
  };
}

/** Power and energy of those that charge: full power with a ripple, less towards the end. `atMs` is when it was read. */
export function figureWrites(all: readonly Station[], beganMs: number, atMs: number): Write[] {
  const seconds = (atMs - beganMs) / 1_000;
  return all.flatMap((station, i) => {
    if (station.is !== "charging") return [];
    const taper = 1 / (1 + Math.exp((seconds - 420 - (i % 9) * 60) / 90));
    const ripple = 0.02 * Math.sin(seconds / 9 + i) + 0.01 * Math.sin(seconds / 2.3 + 2 * i);
    const powerW = Math.round(station.powerW * (0.32 + 0.6 * taper + ripple));
    const before = (4 + (i % 50)) * 60 * station.powerW * 0.9;
    const sessionWh = Math.round(
      (before + seconds * station.powerW * (0.32 + 0.6 * Math.min(1, 420 / (seconds + 1)))) / 3_600,
    );
    const value: LiveRow = {
      cp: station.cp,
      journal: "6f1d0c52",
      epoch: 3,
      seq: 41 + Math.round(seconds),
      sid: sidOf(station.cp),
      powerW,
      registerWh: 4_182_000 + sessionWh,
      sessionWh,
      mono: Math.round(seconds),
      ingestMs: atMs,
    };
    return [put(keys.live(station.cp), value)];
  });
}

/** Every monitor was heard, and every feed's canary came. */
export function heardWrites(all: readonly Station[], atMs: number): Write[] {
  const own = all.filter(({ is }) => is !== "disconnected");
  const every = Array.from({ length: feeds }, (_, feed) => feed);
  return [put(keys.feeds(0), feedsRow(every, atMs, Object.fromEntries(own.map(({ cp }) => [cp, atMs]))))];
}

/** Days of sessions and bills, faults, prices, reviews, dead letters, announcements and acts. */
export function pastWrites(all: readonly Station[], nowMs: number): Write[] {
  return [
    ...all.slice(0, 40).flatMap((station, i) => soldAt(station, i, nowMs)),
    ...faultsAt(all[0], nowMs),
    ...pricesOf(all[0], nowMs),
    ...reviews(all, nowMs),
    ...letters(all, nowMs),
    ...alerts(nowMs),
    ...acts(all, nowMs),
  ];
}

function soldAt(station: Station, i: number, nowMs: number): Write[] {
  const writes: Write[] = [];
  for (let n = 2; n < (i === 0 ? 16 : 5); n++) {
    const sid = sidOf(station.cp, n);
    const driver = driverOf(i + n);
    const endedAtMs = nowMs - (n - 1) * (i === 0 ? 11 : 7) * hour - i * 9 * minute;
    const durationMs = (18 + ((i * 13 + n * 7) % 50)) * minute;
    const energyWh = Math.round((durationMs / hour) * station.powerW * 0.7);
    const amountMinor = costMinor(energyWh, station.priceE5PerKwh);
    const startedAtMs = endedAtMs - durationMs;
    const tariff = { version: 1, priceE5PerKwh: station.priceE5PerKwh, currency: "EUR" } as const;
    const registerStartWh = 3_100_000 + n * 41_000;
    const common = { sid, driver, cp: station.cp };
    const session: SessionRow = {
      ...sessionOf(station, sid, driver, startedAtMs),
      rank: "BILLED",
      endedAtMs,
      registerStartWh,
      registerEndWh: registerStartWh + energyWh,
      energyWh,
      costMinor: amountMinor,
      stopReason: n % 3 === 0 ? "Remote" : "EVDisconnected",
      cdrId: `CDR-${sid.slice(2)}`,
      interrupted: n === 4,
    };
    const cdr: CdrRow = {
      ...common,
      cdrId: `CDR-${sid.slice(2)}`,
      vehicleId: "VEH-001",
      startedAtMs,
      endedAtMs,
      durationMs,
      registerStartWh,
      registerEndWh: registerStartWh + energyWh,
      energyWh,
      tariff,
      amountMinor,
      currency: "EUR",
      stopReason: session.stopReason ?? "Other",
      event: { journal: "6f1d0c52-8a1e-4c7b-9f53-2d5a4f9c7e10", epoch: 3, seq: 100 + n },
      createdAtMs: endedAtMs + 400,
    };
    writes.push(
      put(keys.session(driver, sid), session),
      put(keys.sessionOfDay(session.requestedAtMs, sid), common),
      put(operatorKeys.sessionOwner(sid), common),
      put(keys.cdr(driver, sid), cdr),
      put(keys.cdrOfDay(endedAtMs, sid), common),
    );
  }
  return writes;
}

function faultsAt(station: Station | undefined, nowMs: number): Write[] {
  if (!station) return [];
  const { cp } = station;
  const moments: [hoursAgo: number, to: TransitionRow["to"], cause: string][] = [
    [30, "ON", "status report"],
    [21, "BROKEN", "charger does not answer"],
    [20.6, "ON", "status report"],
    [9.5, "DISCONNECTED", "no report for 6 s"],
    [8.2, "ON", "status report"],
    [3.1, "BROKEN", "engine does not answer"],
    [3, "ON", "status report"],
  ];
  let from: TransitionRow["from"] = null;
  return moments.map(([hoursAgo, to, cause], n) => {
    const atMs = nowMs - hoursAgo * hour;
    const write = put(keys.transition(cp, atMs, n), transition(cp, atMs, from, to, cause));
    from = to;
    return write;
  });
}

function pricesOf(station: Station | undefined, nowMs: number): Write[] {
  if (!station) return [];
  const versions: Omit<TariffRow, "cp" | "version" | "currency">[] = [
    { priceE5PerKwh: 25_000, source: "registration", by: null, reason: null, fromMs: nowMs - 30 * 24 * hour },
    {
      priceE5PerKwh: station.priceE5PerKwh,
      source: "operator",
      by: "operator",
      reason: "summer prices",
      fromMs: nowMs - 4 * 24 * hour,
    },
  ];
  return versions.map((version, i) =>
    put(operatorKeys.tariff(station.cp, i), { ...version, cp: station.cp, version: i, currency: "EUR" }),
  );
}

function reviews(all: readonly Station[], nowMs: number): Write[] {
  const of = (i: number, more: Partial<ReviewRow>): Write[] => {
    const station = all[i];
    if (!station) return [];
    const sid = sidOf(station.cp, 77);
    const row: ReviewRow = {
      id: sid,
      cp: station.cp,
      sid,
      driver: driverOf(i),
      cause: "the journal was lost",
      registerStartWh: 3_410_200,
      registerEndWh: 3_424_950,
      tariff: { version: 1, priceE5PerKwh: station.priceE5PerKwh, currency: "EUR" },
      openedAtMs: nowMs - (i + 1) * 37 * minute,
      settled: null,
      ...more,
    };
    return [put(keys.review(row.id), row)];
  };
  return [
    ...of(3, {}),
    ...of(8, { cause: "the charger was replaced: another serial number", registerEndWh: null }),
    ...of(12, { id: "orphan-CP-013-1", sid: null, driver: null, cause: "energy flowed outside any session" }),
    ...of(20, {
      settled: { decision: "waive", by: "operator", reason: "meter replaced", atMs: nowMs - 2 * hour },
    }),
  ];
}

function letters(all: readonly Station[], nowMs: number): Write[] {
  const of = (i: number, reason: string, body: object, more: Partial<DeadLetterRow> = {}): Write[] => {
    const cp = all[i]?.cp ?? "";
    const event = {
      v: 1,
      cp,
      src: "engine",
      journal: "6f1d0c52-8a1e-4c7b-9f53-2d5a4f9c7e10",
      epoch: 3,
      seq: 60 + i,
    };
    const id = `cp.events/${i}/${100 + i}`;
    const row: DeadLetterRow = {
      id,
      where: "central",
      topic: "cp.events",
      reason,
      payloadBase64: Buffer.from(
        JSON.stringify({ ...event, prev: 59 + i, type: "session.ended", ...body }),
      ).toString("base64"),
      event: `${cp}/engine/${event.journal}/3/${event.seq}`,
      atMs: nowMs - (i + 2) * 13 * minute,
      resolved: null,
      ...more,
    };
    return [put(keys.deadLetter(id), row)];
  };
  const at = { boot: "b", mono: 812_345, wall: nowMs - 26 * minute, synced: true };
  return [
    ...of(0, "body.registerEndWh: expected number, received string", {
      at,
      body: {
        sid: sidOf(all[0]?.cp ?? "", 9),
        reason: "EVDisconnected",
        registerStartWh: 3_100_000,
        registerEndWh: "3111520",
      },
    }),
    ...of(5, "the sequence went back", { at, body: {} }),
    ...of(
      9,
      "not JSON",
      { at, body: {} },
      {
        where: "bridge",
        resolved: { by: "operator", how: "dismissed", reason: "sent by a test bench", atMs: nowMs - hour },
      },
    ),
  ];
}

function alerts(nowMs: number): Write[] {
  const rows: AlertRow[] = [
    {
      id: "A-0000000000000001",
      title: "Works in Valencia on Sunday",
      message: "Charge points at Avenida del Puerto are without power from 08:00 to 12:00.",
      severity: "WARN",
      effectiveAtMs: nowMs - 2 * hour,
      expiresAtMs: nowMs + 20 * hour,
      by: "operator",
      createdAtMs: nowMs - 3 * hour,
      ended: null,
    },
    {
      id: "A-0000000000000002",
      title: "New prices from Monday",
      message: "TYPE2 points cost €0.30 per kWh from Monday on.",
      severity: "INFO",
      effectiveAtMs: nowMs + 30 * hour,
      expiresAtMs: null,
      by: "operator",
      createdAtMs: nowMs - hour,
      ended: null,
    },
  ];
  return rows.flatMap((row) => [
    put(keys.alert(row.id), row),
    put(operatorKeys.alertUntil(row.expiresAtMs, row.id), row),
  ]);
}

function acts(all: readonly Station[], nowMs: number): Write[] {
  const rows: [
    type: string,
    i: number,
    reason: string | null,
    outcome: "done" | "refused",
    why: string | null,
  ][] = [
    ["stop-cp", 14, "cable damaged", "done", null],
    ["tariff", 0, "summer prices", "done", null],
    ["settle-review", 20, "meter replaced", "done", null],
    ["resume-cp", 43, null, "done", null],
    ["stop-session", 2, "driver called", "refused", "the session is over"],
    ["dismiss-letter", 9, "sent by a test bench", "done", null],
    ["create-alert", -1, null, "done", null],
  ];
  return rows.map(([type, i, reason, outcome, why], n) => {
    const atMs = nowMs - (n * 53 + 7) * minute;
    const id = `O-${String(n).padStart(26, "0")}`;
    const row: AuditRow = {
      id,
      operator: "operator",
      type,
      cp: all[i]?.cp ?? null,
      sid: null,
      detail: JSON.stringify({ id, type, ...(reason === null ? {} : { reason }) }),
      outcome,
      reason: why,
      requestedAtMs: atMs - 300,
      atMs,
    };
    return put(keys.audit(atMs, id), row);
  });
}
