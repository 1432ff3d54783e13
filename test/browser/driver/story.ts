// A driver's day in rows, as the handlers would have written them: ten charging points, sessions in every state, an
// inbox, announcements.
import { newCpRow } from "../../../central-fn/on-event/draft.ts";
import { costMinor } from "../../../central-fn/rules/cost.ts";
import { feedsRow } from "../../../central-fn/rules/feeds.ts";
import { type AlertRow, operatorKeys } from "../../../central-fn/tables/operator-rows.ts";
import type { Key, Write } from "../../../central-fn/tables/port.ts";
import {
  type CdrRow,
  type CpRow,
  type DriverRow,
  type InboxRow,
  keys,
  type LiveRow,
  type SessionRow,
} from "../../../central-fn/tables/rows.ts";
import { baseFleet } from "../../../simulator/fleet/base-fleet.ts";
import type { CpFile } from "../../../simulator/fleet/fleet-schemas.ts";

export const feeds = 8;
export const alice = "driver-alice";
const minute = 60_000;
const hour = 60 * minute;
const files = baseFleet().cps;

export const put = <T>(key: Key, value: T): Write & { value: T } => ({
  do: "put",
  key,
  value,
  expect: "any",
});
export const sidOf = (cp: string, n: number) => `S-${cp}-${n.toString(16).padStart(16, "0")}`;
const priceE5Of = ({ price_eur_per_kwh }: CpFile) => Math.round(price_eur_per_kwh * 1e5);

function fileOf(cp: string): CpFile {
  const file = files.find(({ cp_id }) => cp_id === cp);
  if (!file) throw new Error(`the story has no ${cp}`);
  return file;
}

const tariffOf = (cp: string) =>
  ({ version: 1, priceE5PerKwh: priceE5Of(fileOf(cp)), currency: "EUR" }) as const;

/** A charging point that is On and free, unless `more` says otherwise. */
export function pointRow(cp: string, nowMs: number, more: Partial<CpRow> = {}): Write {
  const file = fileOf(cp);
  const sinceMs = nowMs - 7 * hour;
  const row: CpRow = {
    ...newCpRow(cp),
    registration: {
      name: file.name,
      address: file.address,
      city: file.city,
      latitude: file.latitude,
      longitude: file.longitude,
      connectorType: file.connector_type,
      amenities: file.amenities,
      powerW: Math.round(file.power_kw * 1_000),
      priceE5PerKwh: priceE5Of(file),
      currency: "EUR",
    },
    registeredAtMs: nowMs - 72 * hour,
    tariff: tariffOf(cp),
    health: {
      journal: "11111111",
      epoch: 1,
      conn: 1,
      seq: 1,
      engine: "OK",
      reason: null,
      intervalMs: 2_000,
      ttlMs: 24 * hour,
      sinceMs,
      willConn: null,
    },
    shown: { state: "ON", sinceMs, cause: "status report", n: 1 },
    engine: {
      journal: "6f1d0c52",
      epoch: 3,
      seq: 40,
      firmware: "8.2.3",
      stamp: { boot: "b", mono: 1, wall: nowMs, synced: true },
      stampIngestMs: nowMs,
      plugged: false,
      relayClosed: false,
      operative: true,
      registerWh: 4_182_000,
    },
    fence: 1,
    pace: { sessions: 12, meanMs: 14 * minute },
    ...more,
  };
  return put(keys.cp(cp), row);
}

export function claimOf(
  sid: string,
  driver: string,
  state: "charging" | "applied" | "claimed",
  nowMs: number,
) {
  return { sid, driver, cmdId: `${sid}-start`, fence: 1, state, sinceMs: nowMs, expiresAtMs: nowMs + minute };
}

/** The line of a point: drivers in their order, the first with an offer when `offeredMs` says since when. */
export function lineOf(
  cp: string,
  places: readonly [driver: string, n: number][],
  nowMs: number,
  offeredMs?: number,
) {
  const queue = places.map(([driver, n]) => ({
    sid: sidOf(cp, n),
    driver,
    sinceMs: nowMs - 4 * minute,
    expiresAtMs: nowMs + 116 * minute,
  }));
  const [first] = queue;
  const offer =
    first && offeredMs !== undefined
      ? { sid: first.sid, sinceMs: offeredMs, expiresAtMs: offeredMs + 5 * minute }
      : null;
  return { queue, offer, scheduled: [] };
}

/** A session, alice's unless said otherwise, with its place in the list of the driver's. */
export function session(
  cp: string,
  n: number,
  askedMs: number,
  more: Partial<SessionRow>,
  driver = alice,
): Write[] {
  const sid = sidOf(cp, n);
  const row: SessionRow = {
    sid,
    driver,
    cp,
    vehicleId: "1234-BCD",
    rank: "CHARGING",
    interrupted: false,
    overdue: false,
    limit: null,
    requestedAtMs: askedMs,
    expiresAtMs: askedMs + minute,
    decidedAtMs: askedMs + 100,
    reason: null,
    fence: 1,
    cmdId: `${sid}-start`,
    command: { state: "applied", reason: null },
    tariff: tariffOf(cp),
    startedAtMs: null,
    endedAtMs: null,
    registerStartWh: 4_182_000,
    registerEndWh: null,
    energyWh: null,
    costMinor: null,
    stopReason: null,
    cdrId: null,
    ...more,
  };
  return [put(keys.session(driver, sid), row), put(keys.past(driver, askedMs, sid), { sid, driver, cp })];
}

/** A session that is over, with its bill. */
export function billed(
  cp: string,
  n: number,
  endedAtMs: number,
  energyWh: number,
  stopReason: CdrRow["stopReason"],
  more: Partial<SessionRow> = {},
): Write[] {
  const sid = sidOf(cp, n);
  const durationMs = Math.round((energyWh / (fileOf(cp).power_kw * 900)) * hour);
  const startedAtMs = endedAtMs - durationMs;
  const registerStartWh = 3_100_000 + n * 41_000;
  const tariff = tariffOf(cp);
  const cdr: CdrRow = {
    cdrId: `CDR-${sid.slice(2)}`,
    sid,
    driver: alice,
    cp,
    vehicleId: "1234-BCD",
    startedAtMs,
    endedAtMs,
    durationMs,
    registerStartWh,
    registerEndWh: registerStartWh + energyWh,
    energyWh,
    tariff,
    amountMinor: costMinor(energyWh, tariff.priceE5PerKwh),
    currency: "EUR",
    stopReason,
    event: { journal: "6f1d0c52", epoch: 3, seq: 100 + n },
    createdAtMs: endedAtMs + 400,
  };
  return [
    ...session(cp, n, more.requestedAtMs ?? startedAtMs - 9_000, {
      rank: "BILLED",
      startedAtMs,
      endedAtMs,
      registerStartWh,
      registerEndWh: cdr.registerEndWh,
      energyWh,
      costMinor: cdr.amountMinor,
      stopReason,
      cdrId: cdr.cdrId,
      ...more,
    }),
    put(keys.cdr(alice, sid), cdr),
  ];
}

/** Alice herself. */
export function driverRow(more: Partial<DriverRow>): Write {
  const row: DriverRow = {
    driver: alice,
    activeSid: null,
    inboxLast: 0,
    inboxRead: 0,
    favorites: ["CP-001", "CP-006"],
    ...more,
  };
  return put(keys.driver(alice), row);
}

type Tiding = Pick<InboxRow, "type" | "message" | "event"> & { cp: string; n: number; agoMs: number };

/** Oldest first. */
export function inbox(nowMs: number, tidings: readonly Tiding[]): Write[] {
  return tidings.map(({ cp, n, agoMs, ...tiding }, i) =>
    put(keys.inbox(alice, i + 1), {
      ...tiding,
      sequence: i + 1,
      createdAtMs: nowMs - agoMs,
      sid: sidOf(cp, n),
      cp,
    } satisfies InboxRow),
  );
}

/** Full power at first, less towards the end. */
export function figures(cp: string, n: number, beganMs: number, atMs: number): Write & { value: LiveRow } {
  const powerW = fileOf(cp).power_kw * 1_000;
  const seconds = (atMs - beganMs) / 1_000;
  const share = (s: number) => 0.92 / (1 + Math.exp((s - 900) / 120)) + 0.03 + 0.01 * Math.sin(s / 11);
  let ws = 0;
  for (let s = 0; s < seconds; s += 5) ws += powerW * share(s) * 5;
  const row: LiveRow = {
    cp,
    journal: "6f1d0c52",
    epoch: 3,
    seq: 41 + Math.round(seconds),
    sid: sidOf(cp, n),
    powerW: Math.round(powerW * share(seconds)),
    registerWh: 4_182_000 + Math.round(ws / 3_600),
    sessionWh: Math.round(ws / 3_600),
    mono: Math.round(seconds),
    ingestMs: atMs,
  };
  return put(keys.live(cp), row);
}

/** As the app writes the energy of such a reading. */
export function energyOf(reading: ReturnType<typeof figures>): string {
  return `${(reading.value.sessionWh / 1_000).toFixed(3)} kWh`;
}

/** Every monitor was heard but those named, and every feed's canary came. */
export function heard(atMs: number, silent: readonly string[] = []): Write[] {
  const own = files.filter(({ cp_id }) => !silent.includes(cp_id));
  const all = Array.from({ length: feeds }, (_, feed) => feed);
  return [put(keys.feeds(0), feedsRow(all, atMs, Object.fromEntries(own.map(({ cp_id }) => [cp_id, atMs]))))];
}

function announcements(nowMs: number): Write[] {
  const rows: AlertRow[] = [
    {
      id: "A-0000000000000001",
      title: "Works in Valencia tonight",
      message: "Mercado Central and Estacion Norte are without power from 23:00 to 05:00.",
      severity: "WARN",
      effectiveAtMs: nowMs - 2 * hour,
      expiresAtMs: nowMs + 17 * hour,
      by: "operator",
      createdAtMs: nowMs - 3 * hour,
      ended: null,
    },
    {
      id: "A-0000000000000002",
      title: "New in Xativa",
      message: "Two 150 kW points open at the station on Monday.",
      severity: "INFO",
      effectiveAtMs: nowMs - 20 * hour,
      expiresAtMs: null,
      by: "operator",
      createdAtMs: nowMs - 20 * hour,
      ended: null,
    },
  ];
  return rows.flatMap((row) => [
    put(keys.alert(row.id), row),
    put(operatorKeys.alertUntil(row.expiresAtMs, row.id), row),
  ]);
}

const others = [
  ["CP-002", "driver-carol"],
  ["CP-005", "driver-dave"],
] as const;

/** Ten points as they are, alice with some past and some messages, nothing running. */
export function morning(nowMs: number): Write[] {
  return [
    ...files.map(({ cp_id }) => pointRow(cp_id, nowMs)),
    ...others.flatMap(([cp, driver]) => {
      const sid = sidOf(cp, 90);
      const begunMs = nowMs - 6 * minute;
      const claim = claimOf(sid, driver, "charging", begunMs);
      return [
        pointRow(cp, nowMs, {
          claim,
          ...(cp === "CP-005" && { line: lineOf(cp, [["driver-bob", 91]], nowMs) }),
        }),
        ...session(cp, 90, begunMs, { startedAtMs: begunMs }, driver),
        figures(cp, 90, begunMs, nowMs),
      ];
    }),
    pointRow("CP-007", nowMs, {
      health: null,
      shown: { state: "DISCONNECTED", sinceMs: nowMs, cause: "last will", n: 2 },
    }),
    pointRow("CP-009", nowMs, {
      engine: {
        ...operative,
        stamp: { boot: "b", mono: 1, wall: nowMs, synced: true },
        stampIngestMs: nowMs,
      },
    }),
    ...heard(nowMs, ["CP-007"]),
    ...announcements(nowMs),
    ...billed("CP-001", 1, nowMs - 2 * hour, 6_812, "EVDisconnected"),
    ...billed("CP-006", 2, nowMs - 26 * hour, 18_405, "EnergyLimitReached"),
    ...billed("CP-008", 3, nowMs - 50 * hour, 31_270, "Remote"),
    ...session("CP-003", 4, nowMs - 51 * hour, {
      rank: "REJECTED",
      reason: "the charging point is occupied",
      cmdId: null,
      tariff: null,
    }),
    ...billed("CP-002", 5, nowMs - 75 * hour, 9_940, "Reboot", { interrupted: true }),
    ...session("CP-010", 6, nowMs - 98 * hour, {
      rank: "ABORTED",
      reason: "nobody plugged in within 120 s",
      command: { state: "applied", reason: null },
    }),
    ...billed("CP-010", 7, nowMs - 99 * hour, 41_880, "StoppedByEV"),
    ...inbox(nowMs, [
      {
        type: "SESSION",
        event: "completed",
        cp: "CP-006",
        n: 2,
        agoMs: 26 * hour,
        message: "Charging at CP-006 is completed: 18.405 kWh, €6.44.",
      },
      {
        type: "SESSION",
        event: "accepted",
        cp: "CP-001",
        n: 1,
        agoMs: 3.1 * hour,
        message: "Your request for CP-001 is accepted: plug in within 120 s.",
      },
      {
        type: "SESSION",
        event: "started",
        cp: "CP-001",
        n: 1,
        agoMs: 3.05 * hour,
        message: "Charging at CP-001 has started.",
      },
      {
        type: "SESSION",
        event: "completed",
        cp: "CP-001",
        n: 1,
        agoMs: 2 * hour,
        message: "Charging at CP-001 is completed: 6.812 kWh, €1.91.",
      },
    ]),
    driverRow({ inboxLast: 4, inboxRead: 4 }),
  ];
}

/** An engine that an operator has taken out of service. */
const operative = {
  journal: "6f1d0c52",
  epoch: 3,
  seq: 40,
  firmware: "8.2.3",
  plugged: false,
  relayClosed: false,
  operative: false,
  registerWh: 4_182_000,
};
