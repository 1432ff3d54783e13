// One run of each variant of the bridge's bench: messages per second and CPU per message on the same servers, and what
// is in Kafka afterwards.
import { setTimeout as pause } from "node:timers/promises";
import { kafkaTopics, localPartitions } from "../../wire/messages/index.ts";
import { openLedger, type Verdict } from "./bridge.ledger.ts";
import type { Reader } from "./bridge.reader.ts";
import type { BenchServers } from "./bridge.servers.ts";
import {
  type Bridge,
  type BridgeOptions,
  startBridge,
  startKafkaJs,
  startLoad,
  startMqttJs,
  startPipe,
} from "./bridge.sides.ts";
import type { EventKind } from "./load/event-packets.ts";
import { type Latency, type LoadDone, latencyOf, nowUs, type Pacing } from "./load/load.messages.ts";
import { memoryMbOf, threadCpuSeconds } from "./process-figures.ts";

export interface Bench {
  servers: BenchServers;
  reader: Reader;
  bridge: BridgeOptions;
  /** Events of a measured run. */
  total: number;
}

export interface Figures {
  perSecond: number;
  /** CPU of the process that is measured, µs a message. */
  cpuUs: number;
  memoryMb: number;
}

export interface Carried extends Figures {
  verdict: Verdict;
  ack?: Latency;
}

/**
 * Events that the broker has not taken yet, or the bridge not acknowledged, of all devices: enough to keep everybody
 * busy, and less than what makes a bridge drop what its devices then send again.
 */
const openEvents = 8_000;
const warmUpEvents = 40_000;
/** Under a flood an event waits for all before it; at a given rate it should not. */
const resendAfterMs = { flood: 15_000, rate: 1_500 };
const events = kafkaTopics.events.name;

let runs = 0;
/** Names one run in all its events. */
function newJournal(): string {
  return `be9c${String(++runs).padStart(4, "0")}`;
}

export async function produceLimit(
  { servers, total }: Bench,
  connections: number,
  by: "kafkajs" | "producer",
  batch = 1_000,
): Promise<Figures> {
  const side = await startKafkaJs({
    bootstrap: servers.bootstrap,
    topic: events,
    partitions: localPartitions,
    connections,
    batch,
    total,
    inFlight: 4,
    by,
  });
  side.go();
  const { messages, tookS, cpuS, memoryMb } = await side.done;
  return { perSecond: messages / tookS, cpuUs: (cpuS / messages) * 1e6, memoryMb };
}

export async function subscribeLimit({ servers, total }: Bench, connections: number): Promise<Figures> {
  const all = total + warmUpEvents;
  const side = await startMqttJs({ mqttPort: servers.mqttPort, warmUp: warmUpEvents, total, echo: false });
  const load = await startLoad({
    mqttPort: servers.mqttPort,
    connections,
    journal: newJournal(),
    kind: "event",
    total: all + connections,
    pacing: { by: "broker", window: Math.ceil(openEvents / connections) },
  });
  load.go();
  const { messages, tookS, cpuS, memoryMb } = await side.done;
  await load.done;
  return { perSecond: messages / tookS, cpuUs: (cpuS / messages) * 1e6, memoryMb };
}

export async function pipeRun({ servers, reader, total }: Bench, connections: number): Promise<Carried> {
  const pipe = await startPipe(servers, false);
  const from = await reader.ends(events);
  const journal = newJournal();
  const load = await startLoad({
    mqttPort: servers.mqttPort,
    connections,
    journal,
    kind: "event",
    total,
    pacing: { by: "broker", window: Math.ceil(openEvents / connections) },
  });
  const cpuBefore = cpuOf(pipe.pids);
  const began = performance.now();
  load.go();
  const { sent } = await load.done;
  const arrived = sum(from) + sent;
  // What is in the buffer of a pipe comes only when more follows; what is lost never comes.
  const stuckAfterMs = 1_200;
  let seen = sum(from);
  let movedAt = performance.now();
  while (seen < arrived && performance.now() - movedAt < stuckAfterMs) {
    const now = sum(await reader.ends(events));
    if (now > seen) movedAt = performance.now();
    seen = now;
  }
  const tookS = (movedAt - began) / 1_000;
  const cpuS = cpuOf(pipe.pids) - cpuBefore;
  const memoryMb = sum(pipe.pids.map((pid) => memoryMbOf(pid).now));
  await pipe.end();
  const verdict = await readBack(reader, from, journal, connections, sent);
  return { perSecond: (sent - verdict.lost) / tookS, cpuUs: (cpuS / sent) * 1e6, memoryMb, verdict };
}

export interface BridgeRunOptions {
  connections: number;
  kind?: EventKind;
  total?: number;
  /** By the clock instead of as fast as it goes. */
  perSecond?: number;
  /** Instead of the usual bridge. */
  bridge?: BridgeOptions;
  /** Told when the measured load runs: the kill of a bridge. Resolves with the bridge that runs then. */
  meanwhile?(bridge: Bridge): Promise<Bridge>;
}

export async function bridgeRun(
  bench: Bench,
  options: BridgeRunOptions,
): Promise<Carried & { done: LoadDone }> {
  const { servers, reader } = bench;
  const { connections, kind = "event", total = bench.total } = options;
  const topic = kind === "meter" ? kafkaTopics.telemetry.name : events;
  let bridge = await startBridge(servers, options.bridge ?? bench.bridge);
  const window = Math.ceil(openEvents / connections);
  const flood = { by: "device-acks" as const, window };
  const plan = (journal: string, count: number, pacing: Pacing = flood) => ({
    mqttPort: servers.mqttPort,
    connections,
    journal,
    kind,
    total: count,
    pacing,
    resendAfterMs: pacing.by === "clock" ? resendAfterMs.rate : resendAfterMs.flood,
  });
  const warmUp = await startLoad(plan(newJournal(), warmUpEvents));
  warmUp.go();
  await warmUp.done;
  const from = await reader.ends(topic);
  const journal = newJournal();
  const { perSecond } = options;
  const load = await startLoad(
    plan(journal, total, perSecond === undefined ? flood : { by: "clock", perSecond }),
  );
  const cpuBefore = threadCpuSeconds(bridge.pid);
  load.go();
  if (options.meanwhile) bridge = await options.meanwhile(bridge);
  const done = await load.done;
  const cpuS = threadCpuSeconds(bridge.pid) - cpuBefore;
  const memoryMb = memoryMbOf(bridge.pid).now;
  await bridge.end();
  const verdict = await readBack(reader, from, journal, connections, done.sent, topic);
  return {
    perSecond: done.acked / done.tookS,
    cpuUs: (cpuS / done.sent) * 1e6,
    memoryMb,
    verdict,
    ack: done.ack,
    done,
  };
}

async function readBack(
  reader: Reader,
  from: readonly number[],
  journal: string,
  connections: number,
  sent: number,
  topic: string = events,
): Promise<Verdict> {
  const ledger = openLedger(journal, connections, sent / connections);
  await reader.read(topic, from, await reader.ends(topic), ledger.take);
  return ledger.verdict();
}

/** From the device's send to a reader of the topic, at a given rate. */
export async function endToEnd(
  bench: Bench,
  by: "bridge" | "pipe",
  connections: number,
  perSecond: number,
  seconds: number,
): Promise<{ readable: Latency; ack?: Latency; cpuUs: number; verdict: Verdict }> {
  const { servers, reader } = bench;
  const side = by === "bridge" ? await startBridge(servers, bench.bridge) : await startPipe(servers, true);
  const pids = "pids" in side ? side.pids : [side.pid];
  const perRun = async (count: number) => {
    const journal = newJournal();
    const load = await startLoad({
      mqttPort: servers.mqttPort,
      connections,
      journal,
      kind: "event",
      total: count,
      pacing: { by: "clock", perSecond },
      ...(by === "bridge" && { resendAfterMs: resendAfterMs.rate }),
    });
    const ledger = openLedger(journal, connections, Math.floor(count / connections));
    const ms: number[] = [];
    const stop = await reader.follow(events, await reader.ends(events), (value) => {
      const now = nowUs();
      if (ledger.take(value)) ms.push((now - ledger.stampUs(value)) / 1_000);
    });
    const cpuBefore = cpuOf(pids);
    load.go();
    const done = await load.done;
    const until = performance.now() + 3_000;
    while (ms.length < done.sent && performance.now() < until) await pause(20);
    const cpuUs = ((cpuOf(pids) - cpuBefore) / done.sent) * 1e6;
    await stop();
    return {
      readable: latencyOf(ms),
      ...(by === "bridge" && { ack: done.ack }),
      cpuUs,
      verdict: ledger.verdict(),
    };
  };
  await perRun(Math.ceil(perSecond / 2 / connections) * connections);
  const measured = await perRun(Math.ceil((perSecond * seconds) / connections) * connections);
  await side.end();
  return measured;
}

/** At `perSecond`: the echo of a device's event through the broker, a produce, and the bridge's acknowledgement. */
export async function ackTimes(
  bench: Bench,
  perSecond: number,
  seconds: number,
): Promise<{ echo: Latency; produce: Latency; bridge: Latency }> {
  const { servers } = bench;
  const connections = 50;
  const total = Math.ceil((perSecond * seconds) / connections) * connections;
  const load = async (count: number) => {
    const started = await startLoad({
      mqttPort: servers.mqttPort,
      connections,
      journal: newJournal(),
      kind: "event",
      total: count,
      pacing: { by: "clock", perSecond },
      // An event sent again would be one more echo.
      resendAfterMs: resendAfterMs.flood,
    });
    started.go();
    return (await started.done).ack;
  };
  const echoing = await startMqttJs({ mqttPort: servers.mqttPort, warmUp: 0, total: 2 * total, echo: true });
  await load(total);
  const echo = await load(total);
  await echoing.done;
  const producing = await startKafkaJs({
    bootstrap: servers.bootstrap,
    topic: events,
    partitions: localPartitions,
    connections,
    batch: 1,
    total,
    inFlight: 1,
    perSecond,
    by: "kafkajs",
  });
  producing.go();
  const { latency: produce } = await producing.done;
  const running = await startBridge(servers, bench.bridge);
  await load(total);
  const bridge = await load(total);
  await running.end();
  return { echo, produce, bridge };
}

function cpuOf(pids: readonly number[]): number {
  return sum(pids.map(threadCpuSeconds));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
