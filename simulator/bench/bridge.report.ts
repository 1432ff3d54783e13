// What the bridge's bench found, as text: medians, ratios against the aims, the worst run, what was lost.
import { availableParallelism, loadavg } from "node:os";
import type { Verdict } from "./bridge.ledger.ts";
import type { Carried, Figures } from "./bridge.runs.ts";
import { readingsPerMeter } from "./load/event-packets.ts";
import type { Latency, LoadDone } from "./load/load.messages.ts";

export interface Table {
  kafkajs: Figures[];
  producer: Figures[];
  mqttjs: Figures[];
  pipe: Carried[];
  bridge: Carried[];
}

export interface EndToEnd {
  by: "bridge" | "pipe";
  connections: number;
  perSecond: number;
  readable: Latency;
  ack?: Latency;
  cpuUs: number;
  verdict: Verdict;
}

export interface Findings {
  tables: Map<number, Table>;
  latencies: EndToEnd[];
  acks: { echo: Latency; produce: Latency; bridge: Latency }[];
  prompt: Carried[];
  slow: Carried[];
  meter: Carried[];
  killed?: Carried & { done: LoadDone };
  /** Of the machine, after each round. */
  loads: number[];
  /** Half of what the bridge carried from so many connections, messages/s. */
  halfLoad(connections: number): number;
}

export function newFindings(): Findings {
  const tables = new Map<number, Table>();
  return {
    tables,
    latencies: [],
    acks: [],
    prompt: [],
    slow: [],
    meter: [],
    loads: [],
    halfLoad: (connections) => {
      const runs = tables.get(connections)?.bridge ?? [];
      return runs.length > 0 ? median(runs.map(({ perSecond }) => perSecond)) / 2 : 5_000;
    },
  };
}

export function tableOf({ tables }: Findings, connections: number): Table {
  const found = tables.get(connections) ?? { kafkajs: [], producer: [], mqttjs: [], pipe: [], bridge: [] };
  tables.set(connections, found);
  return found;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(at)] ?? Number.NaN) + (sorted[Math.ceil(at)] ?? Number.NaN)) / 2;
}

/** What one thread that does both could carry: 1/(1/a + 1/b). */
export function oneThread(perSecondA: number, perSecondB: number): number {
  return 1 / (1 / perSecondA + 1 / perSecondB);
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Prints everything; true when every aim is held and nothing is lost. */
export function conclude(findings: Findings, middle: number, seconds: number): boolean {
  const held: boolean[] = [];
  const aim = (name: string, value: number, atLeast: number, note = "") => {
    if (Number.isNaN(value)) return;
    const isHeld = value >= atLeast;
    held.push(isHeld);
    say(`  ${name}: ${value.toFixed(2)} (aim ≥${atLeast}: ${isHeld ? "held" : "MISSED"})${note}`);
  };
  const aimAtMost = (name: string, value: number, most: number, note = "") => {
    const isHeld = value <= most;
    held.push(isHeld);
    say(`  ${name}: ${value.toFixed(2)} (aim ≤${most}: ${isHeld ? "held" : "MISSED"})${note}`);
  };
  for (const [connections, table] of findings.tables) {
    say(`\n200 B events from ${connections} connection${connections === 1 ? "" : "s"}, medians`);
    say(row("", "messages/s", "CPU µs/message", "memory MB", "worst run"));
    say(figuresRow("kafkajs produces, acks=all, 1,000 a batch", table.kafkajs));
    say(figuresRow("  our own producer, the same batches", table.producer));
    say(figuresRow("mqtt.js subscribes, QoS 1", table.mqttjs));
    const limit = {
      perSecond: oneThread(rate(table.kafkajs), rate(table.mqttjs)),
      cpuUs: cpu(table.kafkajs) + cpu(table.mqttjs),
    };
    say(row("→ one thread for both", whole(limit.perSecond), limit.cpuUs.toFixed(1), "", ""));
    say(figuresRow("mosquitto_sub | kcat -P", table.pipe));
    say(figuresRow("bridge, device acknowledgements included", table.bridge));
    aim("bridge ÷ one-thread limit, messages per CPU second", limit.cpuUs / cpu(table.bridge), 0.95);
    say(`    by the clock: ${(rate(table.bridge) / limit.perSecond).toFixed(2)}`);
    aim("bridge ÷ pipe, messages/s", rate(table.bridge) / rate(table.pipe), 0.85);
    say(`    per CPU second: ${(cpu(table.pipe) / cpu(table.bridge)).toFixed(2)}`);
  }
  if (findings.latencies.length > 0) {
    say("\nAt half load, from the device's send, ms");
    say(row("", "readable in Kafka", "p99", "device ack p50", "p99"));
    for (const { by, connections, perSecond, readable, ack } of findings.latencies)
      say(
        row(
          `${by === "pipe" ? "mosquitto_sub | kcat -P" : "bridge"}, ${connections} connections, ${perSecond}/s`,
          ms(readable.p50Ms),
          ms(readable.p99Ms),
          ack ? ms(ack.p50Ms) : "never",
          ack ? ms(ack.p99Ms) : "",
        ),
      );
  }
  if (findings.acks.length > 0) {
    say("\nDevice acknowledgement at 500 messages/s, ms (medians of p50 and of p99)");
    const of = (name: "echo" | "produce" | "bridge", q: "p50Ms" | "p99Ms") =>
      median(findings.acks.map((one) => one[name][q]));
    for (const q of ["p50Ms", "p99Ms"] as const) {
      const parts = `MQTT echo ${ms(of("echo", q))} + produce ${ms(of("produce", q))}, bridge ${ms(of("bridge", q))}`;
      const ratio = of("bridge", q) / (of("echo", q) + of("produce", q));
      if (q === "p50Ms") aimAtMost("p50 ÷ (echo + produce)", ratio, 1.2, `: ${parts}`);
      else aimAtMost("p99 ÷ (echo + produce)", ratio, 1, `: ${parts}`);
    }
  }
  if (findings.slow.length > 0) {
    say("\nKafka 5 ms later, through a proxy");
    aim(
      "throughput ÷ its own without the delay",
      rate(findings.slow) / rate(findings.prompt),
      0.7,
      `: ${whole(rate(findings.slow))} of ${whole(rate(findings.prompt))} messages/s`,
    );
  }
  const pipe = findings.tables.get(middle)?.pipe ?? [];
  if (findings.meter.length > 0) {
    say(
      `\nMeter readings, ${readingsPerMeter} to a message, against one message per reading through the pipe`,
    );
    say(figuresRow("bridge, messages of 60 readings", findings.meter));
    const perCpuS = (1e6 / cpu(findings.meter)) * readingsPerMeter;
    if (pipe.length > 0)
      aim("readings per CPU second ÷ pipe", (perCpuS * cpu(pipe)) / 1e6, 20, `: ${whole(perCpuS)}`);
  }
  held.push(concludeLoss(findings));
  const load = [...findings.loads, loadavg()[0] ?? 0];
  say(
    `\nload of the machine: ${Math.min(...load).toFixed(1)} to ${Math.max(...load).toFixed(1)} on ${availableParallelism()} cores; ${seconds.toFixed(0)} s, ${new Date().toISOString().slice(0, 10)}`,
  );
  return held.every(Boolean);
}

/** The guarantees side by side; true when the bridge lost, doubled and reordered nothing. */
function concludeLoss({ tables, latencies, prompt, slow, meter, killed }: Findings): boolean {
  const all = [...tables.values()];
  const bridged = [
    ...all.flatMap(({ bridge }) => bridge),
    ...prompt,
    ...slow,
    ...meter,
    ...latencies.filter(({ by }) => by === "bridge"),
  ].map(({ verdict }) => verdict);
  const piped = [...all.flatMap(({ pipe }) => pipe), ...latencies.filter(({ by }) => by === "pipe")].map(
    ({ verdict }) => verdict,
  );
  const total = (verdicts: readonly Verdict[], of: keyof Verdict) =>
    whole(verdicts.reduce((sum, one) => sum + one[of], 0));
  say("\nRead back from Kafka");
  say(row("", "sent", "lost", "out of order", "repeats"));
  for (const [name, verdicts] of [
    ["mosquitto_sub | kcat -P", piped],
    ["bridge", bridged],
    ["bridge, kill -9 twice in the middle", killed ? [killed.verdict] : []],
  ] as const)
    if (verdicts.length > 0)
      say(
        row(
          name,
          total(verdicts, "expected"),
          total(verdicts, "lost"),
          total(verdicts, "outOfOrder"),
          total(verdicts, "repeats"),
        ),
      );
  if (killed)
    say(
      `  after the kills devices sent ${killed.done.resent} events again; a reader that goes by identity sees each once`,
    );
  say(
    "  the pipe acknowledges before Kafka has the event: what it holds when it ends is gone, and nobody sends again",
  );
  say("  the bridge acknowledges after acks=all; a repeat has the same identity, and its readers go by that");
  const kills = killed ? [killed.verdict] : [];
  return (
    [...bridged, ...kills].every(({ lost, foreign }) => lost === 0 && foreign === 0) &&
    bridged.every(({ outOfOrder }) => outOfOrder === 0)
  );
}

const rate = (runs: readonly Figures[]) => median(runs.map(({ perSecond }) => perSecond));
const cpu = (runs: readonly Figures[]) => median(runs.map(({ cpuUs }) => cpuUs));
const ms = (value: number) => value.toFixed(1);
const whole = (value: number) => Math.round(value).toLocaleString("en");

function figuresRow(name: string, runs: readonly Figures[]): string {
  const worst = Math.max(...runs.map(({ cpuUs }) => cpuUs));
  const memory = median(runs.map(({ memoryMb }) => memoryMb));
  return row(name, whole(rate(runs)), cpu(runs).toFixed(1), whole(memory), `${worst.toFixed(1)} µs`);
}

function row(name: string, ...cells: string[]): string {
  return `  ${name.padEnd(52)}${cells.map((cell) => cell.padStart(18)).join("")}`.trimEnd();
}
