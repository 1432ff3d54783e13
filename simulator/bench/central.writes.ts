// What meter values and sessions cost on the wire and in the table.
import type { BenchFleet, BenchSession } from "./central.fleet.ts";
import { type LifeFigures, live } from "./central.life.ts";
import type { Figures } from "./central.process.ts";
import type { Report } from "./central.report.ts";
import { naivePublishBytes, publishBytes, purposes, rowsPerReading } from "./central.rules.ts";
import type { BenchServers } from "./central.servers.ts";

export interface Stage {
  servers: BenchServers;
  fleet: BenchFleet;
  /** Sessions that charge all the time. */
  charging: readonly BenchSession[];
  /** Charge points at which nobody charges. */
  guests: readonly string[];
  rounds: number;
  report: Report;
}

export function wire({ fleet, charging, report }: Stage): void {
  const [session] = charging;
  if (!session) throw new Error("nobody charges");
  const { cp } = session;
  const columns = String(fleet.meter(cp, session, 60, Date.now()).value);
  const single = String(fleet.meter(cp, session, 1, Date.now()).value);
  const perReading = publishBytes(cp, columns) / 60;
  const naive = naivePublishBytes(columns) / 60;
  const ratio = naive / perReading;
  report.title("Wire, bytes of the MQTT packet per meter reading");
  report.figure("one JSON message per reading, fields by name", naive.toFixed(0));
  report.figure("columns of one (somebody watches)", publishBytes(cp, single).toFixed(0));
  report.figure("columns of 60 (the default)", perReading.toFixed(1));
  report.aimed("columns of 60 : one message per reading", `1 : ${ratio.toFixed(1)}`, "1 : 15", ratio >= 15);
}

const guestEveryMs = 250;
/** So long after the last record everything is handled. */
const afterMs = 1_000;

export async function tableWrites(stage: Stage): Promise<void> {
  const { report } = stage;
  report.progress("life with a flush every 60 s (30 s) …");
  const slow = await lived(stage, 60, 30, true);
  sayWrites(report, "meter values flushed every 60 s (the default)", slow, true);
  report.progress("life with a flush every second (10 s) …");
  sayWrites(report, "every second (the local fleet)", await lived(stage, 1, 10, false), false);
}

async function lived(stage: Stage, flushS: number, seconds: number, withGuests: boolean) {
  const { servers, fleet, charging, guests } = stage;
  void servers.count(Number.MAX_SAFE_INTEGER);
  const life = await live(fleet, servers.producer, {
    seconds,
    charging,
    flushS,
    ...(withGuests && { guests: { cps: guests, everyMs: guestEveryMs } }),
  });
  await new Promise((done) => setTimeout(done, afterMs));
  return { life, figures: await servers.read() };
}

function sayWrites(
  report: Report,
  title: string,
  { life, figures }: { life: LifeFigures; figures: Figures },
  isAimed: boolean,
): void {
  const { writes, records, cpuMs, wallMs } = figures;
  if (records !== life.records) throw new Error(`${records} of ${life.records} records were handled`);
  const perSecond = (count: number) => (count / (wallMs / 1_000)).toFixed(1);
  report.title(`Table writes while the fleet lives, ${title}`);
  for (const purpose of purposes) {
    const { rows, commits } = writes[purpose];
    report.figure(`${purpose}: rows (commits) per second`, `${perSecond(rows)} (${perSecond(commits)})`);
  }
  const readings = 1 / rowsPerReading(writes, life.readings);
  const name = "rows, liveness included : meter reading";
  if (isAimed) report.aimed(name, `1 : ${readings.toFixed(1)}`, "1 : 50", readings >= 50);
  else report.figure(name, `1 : ${readings.toFixed(1)}`);
  if (life.sessions > 0) {
    const commits = writes.sessions.commits / life.sessions;
    const rows = writes.sessions.rows / life.sessions;
    report.aimed("commits per session besides", commits.toFixed(1), "6", commits <= 6);
    report.figure("rows per session besides, its indexes and inbox included", rows.toFixed(1));
  }
  report.figure("CPU of Central", `${((100 * cpuMs) / wallMs).toFixed(0)} % of a core`);
}
