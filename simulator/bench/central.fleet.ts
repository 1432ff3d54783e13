// What a fleet tells Central, as Kafka records in the form in which the bridge appends them: every charge point with its
// monitor, its engine and its sessions. Each message is new: no record is a repeat of another.
import { randomBytes } from "node:crypto";
import type { OutRecord } from "../../wire/kafka/index.ts";
import { packReadings, partitionOf, type Reading, roadOf } from "../../wire/messages/index.ts";

/** A charge point and how far each of its chains has come. */
interface Point {
  cp: string;
  engine: Chain;
  monitor: Chain;
  /** Starts so far: the fence that Central gives out counts them too. */
  starts: number;
  registerWh: number;
}

interface Chain {
  src: "engine" | "monitor";
  journal: string;
  seq: number;
  /** Of the event before it, by topic. */
  prev: Map<string, number>;
}

/** A session that Central has granted, or will when it reads the request. */
export interface BenchSession {
  cp: string;
  sid: string;
  driver: string;
  fence: number;
  registerStartWh: number;
}

export interface BenchFleet {
  cps: readonly string[];
  register(cp: string, atMs: number): OutRecord;
  hello(cp: string, atMs: number): OutRecord;
  status(cp: string, atMs: number, engine?: "OK" | "KO"): OutRecord;
  canary(feed: number, n: number, atMs: number): OutRecord;
  /** `count` readings of 1 Hz up to `atMs`, in columns. */
  meter(cp: string, session: BenchSession, count: number, atMs: number): OutRecord;
  /** The driver's request; `atMs` is also when it was asked for. */
  request(cp: string, atMs: number): { session: BenchSession; record: OutRecord };
  applied(session: BenchSession, atMs: number): OutRecord;
  started(session: BenchSession, atMs: number): OutRecord;
  ended(session: BenchSession, atMs: number): OutRecord;
  unplugged(session: BenchSession, atMs: number): OutRecord;
  /** Energy of the session so far, as the newest meter message told it. */
  sessionWh(session: BenchSession): number;
}

export const benchPartitions = 8;
export const statusEveryMs = 2_000;
const statusTtlMs = 6_000;
const tariff = { version: 1, priceE5PerKwh: 30_000, currency: "EUR" } as const;
const cities = ["Alicante", "Málaga", "Valencia", "Murcia", "Elche"];
const bootMs = 86_400_000;

export function benchFleet(count: number): BenchFleet {
  const hex = (bytes: number) => randomBytes(bytes).toString("hex");
  const chain = (src: Chain["src"]): Chain => ({ src, journal: hex(8), seq: 0, prev: new Map() });
  const points = new Map<string, Point>();
  for (let i = 1; i <= count; i++) {
    const cp = `CP-${String(i).padStart(5, "0")}`;
    const registerWh = 100_000 + i;
    points.set(cp, { cp, engine: chain("engine"), monitor: chain("monitor"), starts: 0, registerWh });
  }
  const bornMs = Date.now() - bootMs;
  const boot = `${hex(4)}-boot`;
  let drivers = 0;

  const pointOf = (cp: string): Point => {
    const point = points.get(cp);
    if (!point) throw new Error(`${cp} is not of this fleet`);
    return point;
  };
  const stamp = (atMs: number) => ({ boot, mono: Math.floor(atMs - bornMs), wall: atMs, synced: true });
  const event = (cp: string, of: Chain, type: string, atMs: number, body: object): OutRecord => {
    const { topic } = roadOf(type);
    of.seq += 1;
    const envelope = {
      v: 1,
      cp,
      src: of.src,
      journal: of.journal,
      epoch: 1,
      seq: of.seq,
      prev: of.prev.get(topic) ?? 0,
      type,
      at: stamp(atMs),
      body,
    };
    of.prev.set(topic, of.seq);
    return recordOf(topic, cp, JSON.stringify(envelope), atMs);
  };
  const ofEngine = (cp: string, type: string, atMs: number, body: object) =>
    event(cp, pointOf(cp).engine, type, atMs, body);
  const ofMonitor = (cp: string, type: string, atMs: number, body: object) =>
    event(cp, pointOf(cp).monitor, type, atMs, body);
  const connector = (cp: string, plugged: boolean, relayClosed: boolean) => {
    const { registerWh } = pointOf(cp);
    return { plugged, relayClosed, operative: true, finishing: null, registerWh };
  };
  const grant = ({ sid, driver, fence }: BenchSession) => ({
    sid,
    driver,
    vehicleId: "VEH-001",
    cmdId: `${sid}-start`,
    fence,
    tariff,
  });

  return {
    cps: [...points.keys()],
    register: (cp, atMs) => {
      const n = Number(cp.slice(3));
      return ofMonitor(cp, "registration", atMs, {
        name: `Station ${n}`,
        address: `Calle Larios ${n}`,
        city: cities[n % cities.length],
        latitude: 38.3 + (n % 40) / 100,
        longitude: -0.5 - (n % 25) / 100,
        connectorType: n % 3 === 0 ? "CCS2" : "TYPE2",
        amenities: ["café", "toilets"],
        powerW: n % 3 === 0 ? 50_000 : 22_000,
        priceE5PerKwh: tariff.priceE5PerKwh,
        currency: "EUR",
      });
    },
    hello: (cp, atMs) =>
      ofEngine(cp, "hello", atMs, {
        agentVersion: "1.0.0",
        firmware: "8.2.3",
        oldestPending: { epoch: 1, seq: pointOf(cp).engine.seq + 1 },
        openSid: null,
        connector: connector(cp, false, false),
      }),
    status: (cp, atMs, engine = "OK") =>
      ofMonitor(cp, "status", atMs, {
        engine,
        ...(engine === "KO" && { reason: "no answer" }),
        conn: 1,
        intervalMs: statusEveryMs,
        ttlMs: statusTtlMs,
      }),
    canary: (feed, n, atMs) => ({
      topic: "cp.status",
      key: `canary-${feed}`,
      partition: feed,
      value: JSON.stringify({ v: 1, type: "canary", feed, bridge: "bridge-all", n }),
      timestampMs: Math.floor(atMs),
    }),
    meter(cp, session, count, atMs) {
      const point = pointOf(cp);
      const readings: Reading[] = [];
      for (let i = count - 1; i >= 0; i--) {
        // 22 kW: 6 Wh a second; the clock's milliseconds and the power are never round.
        const jitter = (point.registerWh * 7 + i * 13) % 23;
        point.registerWh += 6;
        readings.push({
          mono: Math.floor(atMs - bornMs) - i * 1_000 - jitter,
          registerWh: point.registerWh,
          powerW: 21_600 + jitter * 17,
        });
      }
      return ofEngine(cp, "meter", atMs, packReadings(session.sid, session.registerStartWh, readings));
    },
    request(cp, atMs) {
      const point = pointOf(cp);
      point.starts += 1;
      drivers += 1;
      const sid = `S-${cp}-${hex(8)}`;
      const driver = `driver-${drivers}`;
      const session = { cp, sid, driver, fence: point.starts, registerStartWh: point.registerWh };
      const request = {
        v: 1,
        type: "start",
        sid,
        driver,
        cp,
        vehicleId: "VEH-001",
        requestedAt: Math.floor(atMs),
        // Far off: a backlog is handled when its turn has come.
        expiresAt: Math.floor(atMs) + 3_600_000,
      };
      return { session, record: recordOf("driver.requests", cp, JSON.stringify(request), atMs) };
    },
    applied: (session, atMs) =>
      ofEngine(session.cp, "answer", atMs, {
        cmdId: `${session.sid}-start`,
        op: "start-supply",
        sid: session.sid,
        fence: session.fence,
        result: "applied",
      }),
    started: (session, atMs) =>
      ofEngine(session.cp, "session.started", atMs, {
        ...grant(session),
        registerStartWh: session.registerStartWh,
        startedAt: stamp(atMs),
      }),
    ended: (session, atMs) =>
      ofEngine(session.cp, "session.ended", atMs, {
        ...grant(session),
        registerStartWh: session.registerStartWh,
        registerEndWh: pointOf(session.cp).registerWh,
        startedAt: stamp(atMs - 60_000),
        endedAt: stamp(atMs),
        durationMs: 60_000,
        reason: "StoppedByEV",
        plugged: true,
      }),
    unplugged: ({ cp }, atMs) => ofEngine(cp, "connector", atMs, connector(cp, false, false)),
    sessionWh: ({ cp, registerStartWh }) => pointOf(cp).registerWh - registerStartWh,
  };
}

function recordOf(topic: string, cp: string, value: string, atMs: number): OutRecord {
  const partition = partitionOf(cp, benchPartitions);
  return { topic, key: cp, partition, value, timestampMs: Math.floor(atMs) };
}
