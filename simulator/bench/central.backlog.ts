// What waits in Kafka while Central is down: the same mix as in ordinary life, and each family of messages alone.
import type { OutRecord } from "../../wire/kafka/index.ts";
import { type BenchFleet, type BenchSession, benchPartitions, statusEveryMs } from "./central.fleet.ts";

export interface Backlog {
  name: string;
  records: OutRecord[];
}

export interface Backlogs {
  /** `seconds` of the whole fleet's life. */
  mix(seconds: number): Backlog;
  /** Reports and canaries alone. */
  status(seconds: number): Backlog;
  /** Messages of 60 readings each. */
  meter(messages: number): Backlog;
  /** Requests, and from the relay's closing to the car's leaving those sessions that were granted before. */
  sessions(count: number): Backlog;
  /** The devices' answers to what was requested last; Central waits half a minute for them. */
  granted(): OutRecord[];
}

const readingsPerMessage = 60;

/**
 * Backlogs one after another on a clock that begins now and runs ahead: what is heard must be newer than what was.
 * `guests` are charge points at which nobody charges.
 */
export function openBacklogs(
  fleet: BenchFleet,
  charging: readonly BenchSession[],
  guests: readonly string[],
): Backlogs {
  let clockMs = Date.now();
  let canaries = 0;
  let metered = 0;
  const status = (seconds: number): OutRecord[] => {
    const records: OutRecord[] = [];
    for (let s = 0; s < seconds; s++) {
      canaries += 1;
      for (let feed = 0; feed < benchPartitions; feed++)
        records.push(fleet.canary(feed, canaries, clockMs + s * 1_000));
      const everyS = statusEveryMs / 1_000;
      const now = fleet.cps.filter((_, i) => i % everyS === s % everyS);
      for (const [i, cp] of now.entries())
        records.push(fleet.status(cp, clockMs + s * 1_000 + (i * 1_000) / now.length));
    }
    clockMs += seconds * 1_000;
    return records;
  };
  const meter = (messages: number): OutRecord[] =>
    Array.from({ length: charging.length === 0 ? 0 : messages }, () => {
      const session = charging[metered++ % charging.length];
      if (!session) throw new Error("nobody charges");
      return fleet.meter(session.cp, session, readingsPerMessage, clockMs);
    });
  const half = Math.floor(guests.length / 2);
  const inMix = openSessions(fleet, guests.slice(0, half));
  const alone = openSessions(fleet, guests.slice(half));
  return {
    mix(seconds) {
      // A session of half an hour, on average, at each charge point that charges.
      const begin = Math.ceil((charging.length * seconds) / 1_800);
      const records = [
        ...status(seconds),
        ...meter(Math.round((charging.length * seconds) / readingsPerMessage)),
        ...inMix.next(begin, clockMs),
        ...guests.slice(-Math.ceil(seconds / 10)).map((cp) => fleet.hello(cp, clockMs)),
      ];
      return {
        name: "the mix",
        records: records.sort((a, b) => (a.timestampMs ?? 0) - (b.timestampMs ?? 0)),
      };
    },
    status: (seconds) => ({ name: "reports and canaries", records: status(seconds) }),
    meter: (messages) => ({ name: "meter messages of 60 readings", records: meter(messages) }),
    sessions: (count) => ({ name: "session events", records: alone.next(count, clockMs) }),
    granted: () => [...inMix.granted(clockMs), ...alone.granted(clockMs)],
  };
}

/**
 * Sessions at these charge points. A request and what follows from it are on two topics, read side by side: so that
 * each finds what it needs, one backlog has the requests of one half and the sessions of the other.
 */
function openSessions(fleet: BenchFleet, cps: readonly string[]) {
  const half = Math.floor(cps.length / 2);
  let from = 0;
  let requested: BenchSession[] = [];
  let running: BenchSession[] = [];
  return {
    next(count: number, atMs: number): OutRecord[] {
      const ending = running;
      running = [];
      const asked = cps.slice(from, from + Math.min(count, half)).map((cp) => fleet.request(cp, atMs));
      from = half - from;
      requested = asked.map(({ session }) => session);
      const steps = [fleet.started, fleet.ended, fleet.unplugged];
      return [
        ...asked.map(({ record }) => record),
        ...steps.flatMap((step) => ending.map((one) => step(one, atMs))),
      ];
    },
    granted(atMs: number): OutRecord[] {
      const records = requested.map((session) => fleet.applied(session, atMs));
      running = [...running, ...requested];
      requested = [];
      return records;
    },
  };
}
