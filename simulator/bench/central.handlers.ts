// Events per second through the handlers: backlogs that waited in Kafka, worked off by a Central that comes back.
import { type Backlog, openBacklogs } from "./central.backlog.ts";
import type { Figures } from "./central.process.ts";
import { median, purposes, type Writes } from "./central.rules.ts";
import type { Stage } from "./central.writes.ts";

/** DynamoDB Local does some hundred writes a second. */
const remotePart = 0.1;

/** Each kind once per round, in turn; the first round is for the compiler. */
export async function handlers({ servers, fleet, charging, guests, rounds, report }: Stage): Promise<void> {
  const backlogs = openBacklogs(fleet, charging, guests);
  const part = servers.setup.tableUrl.startsWith("dynamodb:") ? remotePart : 1;
  const kinds: (() => Backlog)[] = [
    () => backlogs.mix(Math.ceil(60 * part)),
    () => backlogs.status(Math.ceil(20 * part)),
    () => backlogs.meter(Math.ceil(3_000 * part)),
    () => backlogs.sessions(Math.ceil(200 * part)),
  ];
  // Sessions are only granted here: what becomes of them is of the next backlog.
  await servers.handled(backlogs.sessions(Math.ceil(200 * part)).records);
  await servers.handled(backlogs.granted());
  const drained = new Map<string, Figures[]>();
  for (let round = 0; round <= rounds; round++)
    for (const kind of kinds) {
      const { name, records } = kind();
      await servers.consume(false);
      const done = servers.count(records.length);
      await servers.sendAll(records);
      await servers.consume(true);
      const figures = await done;
      const granted = backlogs.granted();
      if (granted.length > 0) await servers.handled(granted);
      const rate = perSecond(figures).toFixed(0);
      report.progress(`round ${round} of ${rounds}: ${name}: ${figures.records} records at ${rate}/s`);
      if (round > 0) drained.set(name, [...(drained.get(name) ?? []), figures]);
      report.noteLoad();
    }
  report.title(
    "Handlers, a backlog in Kafka worked off: events/s, the lowest round; CPU per event; rows per event",
  );
  for (const [name, of] of drained) {
    const rates = of.map(perSecond);
    const cpuUs = median(of.map(({ records, cpuMs }) => (cpuMs * 1_000) / records));
    const rows = median(of.map(({ records, writes }) => rowsOf(writes) / records));
    const text = `${median(rates).toFixed(0)}/s (${Math.min(...rates).toFixed(0)})`;
    report.figure(`${name} (${of[0]?.records ?? 0})`, text);
    report.detail(`${cpuUs.toFixed(0)} µs; ${rows.toFixed(3)} rows`);
  }
}

function perSecond({ records, wallMs }: Figures): number {
  return records / (wallMs / 1_000);
}

function rowsOf(writes: Writes): number {
  return purposes.reduce((sum, purpose) => sum + writes[purpose].rows, 0);
}
