// `npm run bench:central`: what Central does per second, at what cost in CPU, table writes and bytes, and how soon what
// happens is seen. 1,000 charge points, half of them charging. The servers it needs it starts itself.
import { type ChildProcess, fork, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openTokens } from "../../central-fn/api/tokens.ts";
import { createDynamoDbTable } from "../../central-fn/tables/dynamodb.ts";
import { type OutRecord, openProducer } from "../../wire/kafka/index.ts";
import { silentLog } from "../../wire/process/log.ts";
import { freePorts } from "../servers/ports.ts";
import { quantile } from "./bench-fleet.ts";
import { type Backlog, openBacklogs } from "./central.backlog.ts";
import { type BenchSession, benchFleet, benchPartitions } from "./central.fleet.ts";
import { measureHttp, pin } from "./central.http.ts";
import { live } from "./central.life.ts";
import type { Asked, Figures, Setup, Told } from "./central.process.ts";
import {
  median,
  naivePublishBytes,
  noWrites,
  publishBytes,
  purposes,
  rowsPerReading,
  type Writes,
} from "./central.rules.ts";
import { openLooker } from "./central.visible.ts";

const parts = ["wire", "writes", "visible", "http", "handlers"] as const;
const { values } = parseArgs({
  options: {
    kafka: { type: "string" },
    table: { type: "string" },
    cps: { type: "string", default: "1000" },
    charging: { type: "string", default: "0.5" },
    rounds: { type: "string", default: "3" },
    replication: { type: "string", default: "1" },
    only: { type: "string" },
    profile: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(`usage: npm run bench:central -- [OPTION …]
  --kafka HOST:PORT    a Kafka that runs (default: the stand-in, started for the run)
  --table URL          sqlite:<file> or dynamodb:<table>?endpoint=<url> (default: SQLite in a folder of the run);
                       the name of a DynamoDB table gets a suffix, and the table is made
  --cps N              charge points (1000)     --charging SHARE  of them charge all the time (0.5)
  --rounds N           of what is repeated (3)  --replication N   copies of the topics in Kafka (1)
  --only PART,PART …   of ${parts.join(", ")}
  --profile FOLDER     Central writes a CPU profile there`);
  process.exit(0);
}
const cpCount = Number(values.cps);
const rounds = Number(values.rounds);
const only = values.only?.split(",");
const wanted = (part: (typeof parts)[number]) => only === undefined || only.includes(part);

const beganMs = performance.now();
const progress = (line: string) =>
  console.log(`${((performance.now() - beganMs) / 1_000).toFixed(0).padStart(4)} s  ${line}`);
const results: string[] = [];
const say = (line: string) => void results.push(line);
const missed: string[] = [];
/** A figure with its aim; what misses it is named once more at the end. */
function aimed(name: string, figure: string, aim: string, isHeld: boolean): void {
  if (!isHeld) missed.push(name);
  say(`  ${name.padEnd(58)} ${figure.padStart(16)}   aim ${aim}${isHeld ? "" : "  ← MISSED"}`);
}
const figure = (name: string, text: string) => say(`  ${name.padEnd(58)} ${text.padStart(16)}`);
const cores = availableParallelism();
const loads: number[] = [];
const noteLoad = () => void loads.push(loadavg()[0] ?? 0);

const folder = mkdtempSync(join(tmpdir(), "ev-bench-central-"));
const children: ChildProcess[] = [];
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));

async function startKafka(): Promise<string> {
  const [port = 0] = await freePorts(1);
  const child = spawn(process.execPath, [join(import.meta.dirname, "../brokers/kafka/kafka-main.ts")], {
    env: { ...process.env, KAFKA_PORT: String(port), KAFKA_DATA: join(folder, "kafka") },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  await new Promise<void>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`Kafka ended (${code})`)));
    child.stdout.on("data", (data: Buffer) => {
      if (String(data).includes("started successfully")) resolve();
    });
  });
  return `127.0.0.1:${port}`;
}

async function tableUrl(): Promise<string> {
  if (values.table === undefined) return `sqlite:${join(folder, "central.db")}`;
  if (!values.table.startsWith("dynamodb:")) return values.table;
  const [name = "", query = ""] = values.table.slice("dynamodb:".length).split("?");
  const tableName = `${name}-${randomBytes(4).toString("hex")}`;
  const endpoint = new URLSearchParams(query).get("endpoint");
  await createDynamoDbTable({ tableName, ...(endpoint && { endpoint }) });
  return `dynamodb:${tableName}?${query}`;
}

const kafka = values.kafka ?? (await startKafka());
const setup: Setup = {
  kafka,
  tableUrl: await tableUrl(),
  keyPath: join(folder, "key"),
  groupId: `bench-central-${randomBytes(4).toString("hex")}`,
  partitions: benchPartitions,
  replication: Number(values.replication),
  sinceMs: Date.now(),
};
const profile =
  values.profile === undefined
    ? []
    : ["--cpu-prof", `--cpu-prof-dir=${values.profile}`, "--cpu-prof-interval=500"];
if (values.profile !== undefined) mkdirSync(values.profile, { recursive: true });
const central = fork(join(import.meta.dirname, "central.process.ts"), [JSON.stringify(setup)], {
  execArgv: ["--disable-warning=ExperimentalWarning", ...profile],
});
children.push(central);
central.once("exit", (code) => {
  console.error(`Central ended (${code})`);
  process.exit(1);
});
const told = <Is extends Told["is"]>(is: Is) =>
  new Promise<Extract<Told, { is: Is }>>((resolve) => {
    const hear = (one: Told) => {
      if (one.is !== is) return;
      central.off("message", hear);
      resolve(one as Extract<Told, { is: Is }>);
    };
    central.on("message", hear);
  });
async function ask<Is extends Told["is"]>(asked: Asked, is: Is): Promise<Extract<Told, { is: Is }>> {
  const answer = told(is);
  central.send(asked);
  return answer;
}
const { url } = await told("ready");
progress(`Central at ${url}, Kafka at ${kafka}, ${setup.tableUrl.split(":")[0]}`);

const producer = openProducer({ brokers: kafka.split(","), clientId: "bench-fleet", log: silentLog });
const fleet = benchFleet(cpCount);
const chargingCount = Math.round(cpCount * Number(values.charging));
const chargingCps = fleet.cps.slice(0, chargingCount);
const guestCps = fleet.cps.slice(chargingCount);
const charging: BenchSession[] = [];

async function sendAll(records: readonly OutRecord[]): Promise<void> {
  const calls: Promise<void>[] = [];
  for (let i = 0; i < records.length; i += 1_000) calls.push(producer.send(records.slice(i, i + 1_000)));
  await Promise.all(calls);
}

/** Sends these and waits until Central has handled them. */
async function handled(records: readonly OutRecord[]): Promise<Figures> {
  const done = told("handled");
  central.send({ do: "count", records: records.length } satisfies Asked);
  await sendAll(records);
  return done;
}

await ask({ do: "consume", on: true }, "consuming");
const nowMs = () => Date.now();
await handled(fleet.cps.flatMap((cp) => [fleet.register(cp, nowMs()), fleet.hello(cp, nowMs())]));
await handled(fleet.cps.map((cp) => fleet.status(cp, nowMs())));
await handled(
  chargingCps.map((cp) => {
    const { session, record } = fleet.request(cp, nowMs());
    charging.push(session);
    return record;
  }),
);
await handled(charging.flatMap((one) => [fleet.applied(one, nowMs()), fleet.started(one, nowMs())]));
progress(`${cpCount} charge points registered, ${charging.length} of them charge`);

if (wanted("wire")) {
  const [session] = charging;
  if (!session) throw new Error("nobody charges");
  const columns = String(fleet.meter(session.cp, session, 60, nowMs()).value);
  const single = String(fleet.meter(session.cp, session, 1, nowMs()).value);
  const perReading = publishBytes(session.cp, columns) / 60;
  const naive = naivePublishBytes(columns) / 60;
  say("Wire, bytes of the MQTT packet per meter reading");
  figure("one JSON message per reading, fields by name", naive.toFixed(0));
  figure("columns of one (somebody watches)", publishBytes(session.cp, single).toFixed(0));
  figure("columns of 60 (the default)", perReading.toFixed(1));
  aimed(
    "columns of 60 : one message per reading",
    `1 : ${(naive / perReading).toFixed(1)}`,
    "1 : 15",
    naive / perReading >= 15,
  );
}

async function writesOf(flushS: number, seconds: number, guests: boolean) {
  central.send({ do: "count", records: Number.POSITIVE_INFINITY } satisfies Asked);
  const everyMs = 250;
  const lived = await live(fleet, producer, {
    seconds,
    charging,
    flushS,
    ...(guests && { guests: { cps: guestCps, everyMs } }),
  });
  await new Promise((done) => setTimeout(done, 1_000));
  return { lived, ...(await ask({ do: "read" }, "read")) };
}

function sayWrites(title: string, of: Awaited<ReturnType<typeof writesOf>>, isAimed: boolean): void {
  const { lived, writes, records, cpuMs, wallMs } = of;
  say(`Table writes while the fleet lives, ${title}`);
  for (const purpose of purposes)
    figure(
      `${purpose}: rows (commits) per second`,
      `${(writes[purpose].rows / (wallMs / 1_000)).toFixed(1)} (${(writes[purpose].commits / (wallMs / 1_000)).toFixed(1)})`,
    );
  const perReading = 1 / rowsPerReading(writes, lived.readings);
  const text = `1 : ${perReading.toFixed(1)}`;
  const name = "rows, liveness included : meter reading";
  if (isAimed) aimed(name, text, "1 : 50", perReading >= 50);
  else figure(name, text);
  if (lived.sessions > 0) {
    const commits = writes.sessions.commits / lived.sessions;
    aimed("commits per session besides", commits.toFixed(1), "6", commits <= 6);
    figure(
      "rows per session besides, its indexes and inbox included",
      (writes.sessions.rows / lived.sessions).toFixed(1),
    );
  }
  figure("CPU of Central", `${((100 * cpuMs) / wallMs).toFixed(0)} % of a core`);
  if (records !== lived.records) throw new Error(`${records} of ${lived.records} records were handled`);
}

if (wanted("writes")) {
  progress("life with a flush every 60 s (30 s) …");
  sayWrites("meter values flushed every 60 s (the default)", await writesOf(60, 30, true), true);
  progress("life with a flush every second (10 s) …");
  sayWrites("every second (the local fleet)", await writesOf(1, 10, false), false);
}

if (wanted("visible")) {
  progress("how soon it is seen (20 s) …");
  const looker = openLooker(url, 50);
  const watched = charging.slice(0, 20);
  const flipped = guestCps.slice(-20);
  const sessions = new Map(charging.map((one) => [one.cp, one]));
  let broken = false;
  const flipping = setInterval(() => {
    broken = !broken;
    const now = broken ? "KO" : "OK";
    const records = flipped.map((cp) => fleet.status(cp, nowMs(), now));
    for (const { key, timestampMs = 0 } of records)
      looker.expect({
        kind: "a state that changes",
        cp: key,
        atMs: timestampMs,
        isSeen: ({ state }) => state === (now === "KO" ? "BROKEN" : "ON"),
      });
    void producer.send(records);
  }, 2_300);
  // The heartbeats between would say that they are well.
  const others = { ...fleet, cps: fleet.cps.slice(0, -20) };
  await live(others, producer, {
    seconds: 18,
    charging: watched,
    flushS: 1,
    guests: { cps: guestCps, everyMs: 250 },
    onSent({ topic, key, timestampMs = 0, value }) {
      const session = sessions.get(key);
      if (topic === "cp.telemetry" && session) {
        const toldWh = fleet.sessionWh(session);
        const isSeen = ({ energy_wh }: { energy_wh: number | null }) => (energy_wh ?? 0) >= toldWh;
        looker.expect({ kind: "a meter value that is watched", cp: key, atMs: timestampMs, isSeen });
      }
      if (topic === "cp.events" && String(value).includes('"session.started"'))
        looker.expect({
          kind: "a session's start",
          cp: key,
          atMs: timestampMs,
          isSeen: ({ engine_state }) => engine_state === "SUPPLYING",
        });
    },
  });
  clearInterval(flipping);
  const { delays, unseen, looks } = await looker.end(5_000);
  say(`From an event's time stamp in Kafka to GET /cp (${looks} looks, one every 50 ms or so)`);
  for (const [kind, ms] of delays)
    figure(
      `${kind}: p50, p99, longest (${ms.length})`,
      [0.5, 0.99, 1].map((q) => `${quantile(ms, q).toFixed(0)} ms`).join(", "),
    );
  if (unseen > 0) aimed("never seen", String(unseen), "0", false);
}

if (wanted("http")) {
  const isPinned = central.pid !== undefined && pin(central.pid, "0") && pin(process.pid, "1");
  progress(`HTTP, Central ${isPinned ? "alone on one core" : "on any core"} …`);
  const token = (role: "operator" | "driver") =>
    openTokens(setup.keyPath).sign({ sub: `${role}-bench`, role, expiresInS: 3_600 });
  const [operator, driver] = [await token("operator"), await token("driver")];
  const near = "lat=38.4&lon=-0.6&within_km=8&only_available=true&connector_type=TYPE2";
  const cases = [
    { name: "GET /cp, whole", path: "/cp", token: undefined, revalidates: false },
    { name: "GET /cp, If-None-Match", path: "/cp", token: undefined, revalidates: true },
    { name: "GET /cp, operator", path: "/cp", token: operator, revalidates: false },
    {
      name: "GET /cp?state=ON&city=… 100",
      path: "/cp?state=ON&city=Murcia&limit=100",
      token: operator,
      revalidates: false,
    },
    {
      name: "GET /charging-points, 5 filters, 50",
      path: `/charging-points?${near}&limit=50`,
      token: driver,
      revalidates: false,
    },
  ];
  const seconds = 2.5;
  const aroundS = Math.ceil((rounds * seconds + 2.5) * cases.length + 4);
  const living = live(fleet, producer, { seconds: aroundS, charging, flushS: 60 });
  const port = Number(new URL(url).port);
  const figures = await measureHttp(central.pid ?? 0, port, cases, rounds, seconds, progress);
  say(
    `HTTP on one core while the fleet lives: requests/s, the lowest round, CPU each; p50, p99; bytes, 304s`,
  );
  for (const {
    name,
    perSecond,
    worstPerSecond,
    cpuMs,
    p50Ms,
    p99Ms,
    bytesPerAnswer,
    notModified,
  } of figures) {
    const text = `${perSecond.toFixed(0)}/s (${worstPerSecond.toFixed(0)})`;
    if (name === "GET /cp, whole") aimed(name, text, "300/s", perSecond >= 300);
    else figure(name, text);
    say(
      `    ${(cpuMs * 1_000).toFixed(0)} µs; ${p50Ms.toFixed(1)} ms, ${p99Ms.toFixed(1)} ms; ${(bytesPerAnswer / 1_000).toFixed(1)} kB, ${(notModified * 100).toFixed(0)} %`,
    );
  }
  await living;
  const all = `0-${cores - 1}`;
  if (isPinned && central.pid !== undefined) for (const pid of [central.pid, process.pid]) pin(pid, all);
  noteLoad();
}

if (wanted("handlers")) {
  const backlogs = openBacklogs(fleet, charging, guestCps);
  const isRemote = setup.tableUrl.startsWith("dynamodb:");
  const part = isRemote ? 0.1 : 1;
  const kinds = [
    () => backlogs.mix(Math.ceil(60 * part)),
    () => backlogs.status(Math.ceil(20 * part)),
    () => backlogs.meter(Math.ceil(3_000 * part)),
    () => backlogs.sessions(Math.ceil(100 * part)),
  ];
  // The first sessions are requested: what they become is of the first round.
  await handled(backlogs.sessions(100).records);
  const drained = new Map<string, Figures[]>();
  for (let round = 0; round <= rounds; round++)
    for (const kind of kinds) {
      const backlog: Backlog = kind();
      await ask({ do: "consume", on: false }, "consuming");
      const done = told("handled");
      central.send({ do: "count", records: backlog.records.length } satisfies Asked);
      await sendAll(backlog.records);
      central.send({ do: "consume", on: true } satisfies Asked);
      const figures = await done;
      const rate = figures.records / (figures.wallMs / 1_000);
      progress(
        `round ${round} of ${rounds}: ${backlog.name}: ${figures.records} records at ${rate.toFixed(0)}/s`,
      );
      if (round > 0) drained.set(backlog.name, [...(drained.get(backlog.name) ?? []), figures]);
      noteLoad();
    }
  say("Handlers, a backlog in Kafka worked off: events/s, the lowest round; CPU per event; rows per event");
  for (const [name, of] of drained) {
    const rates = of.map(({ records, wallMs }) => records / (wallMs / 1_000));
    const cpu = median(of.map(({ records, cpuMs }) => (cpuMs * 1_000) / records));
    const rows = median(of.map(({ records, writes }) => rowsOf(writes) / records));
    figure(
      `${name} (${of[0]?.records ?? 0})`,
      `${median(rates).toFixed(0)}/s (${Math.min(...rates).toFixed(0)})`,
    );
    say(`    ${cpu.toFixed(0)} µs; ${rows.toFixed(3)} rows`);
  }
}

function rowsOf(writes: Writes = noWrites()): number {
  return purposes.reduce((sum, purpose) => sum + writes[purpose].rows, 0);
}

central.removeAllListeners("exit");
const ended = new Promise((resolve) => central.once("exit", resolve));
central.disconnect();
await ended;
await producer.close();
console.log(`\n${results.join("\n")}`);
console.log(
  `\n${cores} cores, Node ${process.versions.node}, load ${Math.min(...loads, loadavg()[0] ?? 0).toFixed(1)} to ${Math.max(...loads, 0).toFixed(1)}, ${new Date().toISOString().slice(0, 10)}, ${((performance.now() - beganMs) / 1_000).toFixed(0)} s`,
);
if (missed.length > 0) console.log(`aims missed: ${missed.join("; ")}`);
process.exit(missed.length === 0 ? 0 : 1);
