// The invariants, judged when the world is quiet again: what devices wrote, what Kafka holds, what the table says.

import type {
  CdrRow,
  CpRow,
  DeadLetterRow,
  DriverRow,
  InboxRow,
  ReviewRow,
  SessionRow,
} from "../../central-fn/tables/rows.ts";
import type { Command } from "../../wire/messages/index.ts";
import {
  accountedWh,
  billFaults,
  commandFaults,
  type DeviceEvent,
  inboxFaults,
  nameOf,
  numberingFaults,
  sessionFaults,
} from "../support/invariants.ts";
import type { SimBridge } from "./bridge.ts";
import { carFaults } from "./cars.ts";
import type { SimCentral } from "./central.ts";
import type { SimDevice } from "./device.ts";
import type { SimDrivers } from "./drivers.ts";
import { waits } from "./journal.ts";
import type { SimKafka } from "./kafka.ts";
import { markFaults } from "./marks.ts";
import { orderFaults, serviceFaults } from "./operators.ts";
import { placeFaults } from "./queueing.ts";

export interface Quiet {
  devices: readonly SimDevice[];
  bridge: SimBridge;
  kafka: SimKafka;
  central: SimCentral;
  drivers: SimDrivers;
}

/** Events that an idle charge point may keep although all are processed. */
const mostKept = 400;

interface Event extends DeviceEvent {
  atMs: number;
  payload: string;
}

/** Every violation found, in words; empty when all holds. */
export function violations(quiet: Quiet): string[] {
  const wrong: string[] = [];
  const cdrs = new Map(
    quiet.central.rows<CdrRow>("driver#", "cdr#").map((row) => [row.value.sid, row.value]),
  );
  const reviews = new Map(quiet.central.rows<ReviewRow>("reviews").map((row) => [row.sk, row.value]));
  const inKafka = new Map<string, string>();
  const cloned = new Set(quiet.devices.filter(({ copies }) => copies.length > 0).map(({ cp }) => cp));
  for (const topic of ["cp.events", "cp.telemetry"])
    for (const record of quiet.kafka.all(topic)) {
      const event = JSON.parse(record.value) as Event & { src: string };
      const name = nameOf(event);
      const known = inKafka.get(name);
      if (known !== undefined && known !== record.value && !cloned.has(event.cp))
        wrong.push(`10 two payloads under ${name}`);
      inKafka.set(name, record.value);
    }
  for (const name of quiet.bridge.acknowledged)
    if (!inKafka.has(name)) wrong.push(`8 ${name} was acknowledged but is not in Kafka`);
  const commands = new Map(
    quiet.kafka
      .all("central.commands")
      .map((record) => JSON.parse(record.value) as Command)
      .filter((message) => message.kind === "command")
      .map((message) => [message.cmdId, message]),
  );
  for (const device of quiet.devices) checkExpiry(device, commands, wrong);
  for (const device of quiet.devices)
    checkDevice(device, quiet.central.alerted.has(device.cp), wrong, cdrs, reviews, inKafka);
  checkTable(quiet, wrong, cdrs);
  wrong.push(...placeFaults(quiet.central, quiet.kafka));
  wrong.push(...orderFaults(quiet.central, quiet.kafka));
  return wrong;
}

/** Invariant 6: no first relay-on under a command that had expired at that serial attempt. */
function checkExpiry(device: SimDevice, commands: Map<string, Command>, wrong: string[]): void {
  const started = new Set(
    eventsOf(device).flatMap((event) => (event.type === "session.started" ? [String(event.body.cmdId)] : [])),
  );
  const first = new Set<string>();
  for (const { permit, boot, mono } of device.box.enablings) {
    if (first.has(permit) && started.has(permit)) continue;
    first.add(permit);
    const command = commands.get(permit);
    if (!command?.echo) continue;
    if (command.echo.boot !== boot || mono - command.echo.mono > command.ttlMs)
      wrong.push(`6 ${permit} enabled the relay after it had expired`);
  }
}

function eventsOf(device: SimDevice): Event[] {
  return device.written.map(({ payload, atMs }) => ({ ...(JSON.parse(payload) as Event), atMs, payload }));
}

function checkDevice(
  device: SimDevice,
  alerted: boolean,
  wrong: string[],
  cdrs: Map<string, CdrRow>,
  reviews: Map<string, ReviewRow>,
  inKafka: Map<string, string>,
): void {
  const events = eventsOf(device);
  if (alerted && device.copies.length === 0)
    wrong.push(`13 ${device.cp} is taken for two devices, but is one`);
  wrong.push(...device.unlawful.map((what) => `5 ${what}`));
  wrong.push(...numberingFaults(events));
  // Of two devices under one name each hears what the other is told.
  if (device.copies.length === 0) checkKafkaAgainstJournal(device, events, wrong, inKafka);
  // Readings and times of leaving are a poll apart.
  const hasLeft = (since: Event, until: Event) =>
    device.box.unplugs.some((at) => at >= since.atMs - 5_000 && at <= until.atMs);
  wrong.push(...commandFaults(events, hasLeft));
  wrong.push(...serviceFaults(events));
  checkEnergy(device, events, wrong);
  if (device.copies.length === 0) wrong.push(...carFaults(device.box, events));
  for (const event of events) {
    if (event.type !== "session.ended") continue;
    const sid = String(event.body.sid);
    const cdr = cdrs.get(sid);
    if (device.copies.length === 0)
      wrong.push(...billFaults(event, inKafka.has(nameOf(event)), cdr, reviews.get(sid)));
    else if (!cdr && !reviews.has(sid) && !alerted)
      wrong.push(`3 ${sid} ended on one of two devices, has neither bill nor review, and nobody was called`);
    else if (cdr) wrong.push(...billOfOne(sid, [device, ...device.copies], cdr, reviews.get(sid)));
  }
}

/** A session that two devices ended is billed by the word of one of them. */
function billOfOne(
  sid: string,
  devices: readonly SimDevice[],
  cdr: CdrRow,
  review: ReviewRow | undefined,
): string[] {
  const faults = devices
    .flatMap(eventsOf)
    .filter((event) => event.type === "session.ended" && event.body.sid === sid)
    .map((event) => billFaults(event, true, cdr, review));
  return faults.some((found) => found.length === 0)
    ? []
    : (faults[0] ?? [`3 ${sid} is billed but never ended`]);
}

function checkKafkaAgainstJournal(
  device: SimDevice,
  events: Event[],
  wrong: string[],
  inKafka: Map<string, string>,
): void {
  const written = new Map(events.map((event) => [nameOf(event), event.payload]));
  for (const [name, value] of inKafka) {
    if (!name.startsWith(`${device.cp}/engine/`)) continue;
    const payload = written.get(name);
    if (payload === undefined) wrong.push(`9 ${name} was published but is in no journal`);
    else if (payload !== value) wrong.push(`10 ${name} differs between journal and Kafka`);
  }
  for (const event of events)
    if (!device.lostJournals.has(event.journal) && !inKafka.has(nameOf(event)))
      wrong.push(`8 ${nameOf(event)} (${event.type}) is durable but never reached Kafka`);
}

function checkEnergy(device: SimDevice, events: Event[], wrong: string[]): void {
  const journals = [...new Set(events.map((event) => event.journal))];
  let registersWs = 0;
  for (const journal of journals) {
    const own = events.filter((event) => event.journal === journal);
    const counted = accountedWh(own);
    if (device.lostJournals.has(journal)) {
      registersWs += counted * 3600;
      continue;
    }
    const state = device.disk.state === null ? null : JSON.parse(device.disk.state);
    if (!state || device.disk.id !== journal) continue;
    registersWs += state.register.registerWs;
    const registerWh = Math.floor(state.register.registerWs / 3600);
    const open = state.orphanFromWh ?? registerWh;
    if (counted !== open)
      wrong.push(
        `2 ${device.cp}: sessions, reviews and orphans are ${counted} Wh, the register grew ${open} Wh`,
      );
    if (state.session !== null)
      wrong.push(`21 ${device.cp}: session ${state.session.sid} is still open on the device`);
  }
  const { box } = device;
  box.meter();
  if (registersWs > box.trueWs) wrong.push(`2 ${device.cp}: the register says more than flowed`);
  const hidden = box.trueWs - registersWs;
  if (device.lostJournals.size === 0 && hidden > box.hiddenWs + 3_600_000)
    wrong.push(`1 ${device.cp}: ${hidden} Ws flowed that no register saw, resets explain ${box.hiddenWs}`);
}

function checkTable(
  { central, devices, drivers, kafka, bridge }: Quiet,
  wrong: string[],
  cdrs: Map<string, CdrRow>,
): void {
  const sessions = new Map(
    central.rows<SessionRow>("driver#", "session#").map((row) => [row.value.sid, row.value]),
  );
  const ended = new Set(
    devices.flatMap((device) =>
      [device, ...device.copies]
        .flatMap(eventsOf)
        .flatMap((event) => (event.type === "session.ended" ? [String(event.body.sid)] : [])),
    ),
  );
  for (const { value: review } of central.rows<ReviewRow>("reviews"))
    if (review.settled?.decision === "bill") ended.add(review.sid ?? "");
  wrong.push(...sessionFaults(sessions, cdrs, ended));
  const records = new Set(
    kafka.all("driver.requests").map((record) => (JSON.parse(record.value) as { sid: string }).sid),
  );
  for (const sid of records) if (!sessions.has(sid)) wrong.push(`13 request ${sid} has no effect`);
  for (const { value } of central.rows<CpRow>("cps#")) checkCpRow(value, devices, wrong);
  for (const { value: driver } of central.rows<DriverRow>("driver#", "driver")) {
    const entries = central.table.queryNow<InboxRow>(`driver#${driver.driver}`, { prefix: "inbox#" });
    wrong.push(
      ...inboxFaults(
        driver,
        entries.map((row) => row.value),
        sessions,
      ),
    );
  }
  if (!central.idle || !bridge.idle) wrong.push("17 something still waits in Kafka");
  for (const device of devices) {
    const waiting = device.disk.events.filter(waits).length;
    if (waiting > 0) wrong.push(`17 ${device.cp}: ${waiting} events wait in the outbox`);
    // Central's word about the last events may be lost; the next event brings it again.
    if (device.disk.events.length > mostKept && device.copies.length === 0)
      wrong.push(`19 ${device.cp}: journal keeps ${device.disk.events.length} events`);
  }
  for (const { value } of central.rows<DeadLetterRow>("dead-letters")) {
    const clone = devices.some(({ cp, copies }) => copies.length > 0 && value.event?.startsWith(`${cp}/`));
    if (!clone) wrong.push(`13 ${value.event} is a dead letter: ${value.reason}`);
  }
  if (central.deadLetters > 0)
    wrong.push(`13 ${central.deadLetters} records were buried: ${central.logs.join("; ").slice(0, 300)}`);
  void drivers;
}

function checkCpRow(row: CpRow, devices: readonly SimDevice[], wrong: string[]): void {
  const device = devices.find((one) => one.cp === row.cp);
  if (!device) return;
  if (row.claim && !(row.claim.state === "finishing" && device.box.plugged))
    wrong.push(`21 ${row.cp}: claim of ${row.claim.sid} is never released (${row.claim.state})`);
  if (row.commands.length > 0)
    wrong.push(`17 ${row.cp}: ${row.commands.map((open) => open.cmdId).join(", ")} never answered`);
  if (row.shown?.state !== "ON")
    wrong.push(`14 ${row.cp} is shown ${row.shown?.state ?? "never"} although all is well`);
  wrong.push(...markFaults(row, device));
  if (row.quarantine) wrong.push(`21 ${row.cp} is still in quarantine: ${row.quarantine.cause}`);
}
