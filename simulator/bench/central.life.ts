// A fleet's ordinary life in real time: reports, canaries, meter values, sessions; each as it comes due, in the order
// of its instants.
import type { OutRecord, Producer } from "../../wire/kafka/index.ts";
import { type BenchFleet, type BenchSession, benchPartitions, statusEveryMs } from "./central.fleet.ts";
import { readingsIn } from "./central.rules.ts";

export interface LifeOptions {
  seconds: number;
  /** Charge points that charge all the time, with the seconds between two of their meter messages. */
  charging: readonly BenchSession[];
  flushS: number;
  /** Charge points at which sessions begin and end meanwhile, one every `everyMs`. */
  guests?: { cps: readonly string[]; everyMs: number };
  /** Told of each record when it goes out. */
  onSent?(record: OutRecord): void;
}

export interface LifeFigures {
  records: number;
  readings: number;
  sessions: number;
}

interface Due {
  atMs: number;
  make(atMs: number): OutRecord | undefined;
  everyMs: number | undefined;
}

const tickMs = 50;
const canaryEveryMs = 1_000;
/** What follows the driver's request, after so long. */
const sessionSteps = { applied: 500, started: 1_000, ended: 5_000, unplugged: 6_000 } as const;

/** Lives for so long; resolves when the last record is in Kafka. */
export async function live(
  fleet: BenchFleet,
  producer: Producer,
  options: LifeOptions,
): Promise<LifeFigures> {
  const { seconds, charging, flushS, guests, onSent } = options;
  const beganMs = Date.now();
  const endsMs = beganMs + seconds * 1_000;
  const figures: LifeFigures = { records: 0, readings: 0, sessions: 0 };
  const due: Due[] = [];
  const flushMs = flushS * 1_000;
  const phase = (i: number, of: number, everyMs: number) => beganMs + (i * everyMs) / of;
  fleet.cps.forEach((cp, i) => {
    const atMs = phase(i, fleet.cps.length, statusEveryMs);
    due.push({ atMs, everyMs: statusEveryMs, make: (at) => fleet.status(cp, at) });
  });
  for (let feed = 0; feed < benchPartitions; feed++)
    due.push({
      atMs: beganMs + feed,
      everyMs: canaryEveryMs,
      make: (at) => fleet.canary(feed, Math.floor(at / canaryEveryMs), at),
    });
  charging.forEach((session, i) => {
    const make = (at: number) => fleet.meter(session.cp, session, flushS, at);
    due.push({ atMs: phase(i, charging.length, flushMs), everyMs: flushMs, make });
  });
  const begun = (cp: string) => (atMs: number) => {
    const { session, record } = fleet.request(cp, atMs);
    figures.sessions += 1;
    for (const [step, afterMs] of Object.entries(sessionSteps))
      later.push({
        atMs: atMs + afterMs,
        everyMs: undefined,
        make: (at) => fleet[step as keyof typeof sessionSteps](session, at),
      });
    return record;
  };
  const later: Due[] = [];
  // The last one is over before the end.
  const last = endsMs - sessionSteps.unplugged - 1_000;
  guests?.cps.forEach((cp, i) => {
    const atMs = beganMs + i * guests.everyMs;
    if (atMs < last) due.push({ atMs, everyMs: undefined, make: begun(cp) });
  });

  let sending: Promise<void> = Promise.resolve();
  for (let tick = beganMs; tick < endsMs; tick += tickMs) {
    await new Promise((done) => setTimeout(done, Math.max(0, tick - Date.now())));
    const now: { atMs: number; record: OutRecord }[] = [];
    for (const one of [...due, ...later]) {
      if (one.atMs > tick) continue;
      // The bridge dates it when it comes in.
      const record = one.make(Date.now());
      if (record) now.push({ atMs: one.atMs, record });
      one.atMs = one.everyMs === undefined ? Number.POSITIVE_INFINITY : one.atMs + one.everyMs;
    }
    now.sort((a, b) => a.atMs - b.atMs);
    const records = now.map(({ record }) => record);
    figures.records += records.length;
    for (const record of records) {
      figures.readings += readingsIn(record);
      onSent?.(record);
    }
    if (records.length > 0) {
      await sending;
      sending = producer.send(records);
    }
  }
  await sending;
  return figures;
}
