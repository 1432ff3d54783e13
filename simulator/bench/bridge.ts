// `npm run bench:bridge`: what the bridge carries, beside the limits of the libraries it is made of and beside the pipe
// that everybody would try first, on one Apache Kafka and one Mosquitto, in one run.
//
// 1. Variants take turns, round by round; ratios are of medians over the rounds.
// 2. Kafka is read back after each run: what is lost, doubled or out of order fails the bench whatever its speed.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openTcpProxy, type TcpProxy } from "../faults/tcp-proxy.ts";
import { bundle } from "../fleet/bundle.ts";
import { openReader } from "./bridge.reader.ts";
import { conclude, type Findings, newFindings, say, tableOf } from "./bridge.report.ts";
import {
  ackTimes,
  type Bench,
  bridgeRun,
  endToEnd,
  pipeRun,
  produceLimit,
  subscribeLimit,
} from "./bridge.runs.ts";
import { startBenchServers } from "./bridge.servers.ts";
import { startBridge } from "./bridge.sides.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "2" },
    connections: { type: "string", default: "1,50,500" },
    messages: { type: "string", default: "30000" },
    parts: { type: "string", default: "throughput,latency,ack,slow,meter,kill" },
    /** For Node, as it runs the bridge. */
    flags: { type: "string", default: "" },
    /** Folder for CPU profiles of the bridge. */
    profile: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const sizes = values.connections.split(",").map(Number);
const parts = new Set(values.parts.split(","));
const root = join(import.meta.dirname, "../..");
const slowerMs = 5;
const middle = sizes.includes(50) ? 50 : (sizes[0] ?? 50);

/** Every variant, round by round; the sizes beside the middle one every other round. */
async function throughput(bench: Bench, findings: Findings): Promise<void> {
  for (let round = 1; round <= rounds; round++)
    for (const connections of round % 2 === 1 ? sizes : [middle]) {
      say(`throughput: round ${round} of ${rounds}, ${connections} connections …`);
      const of = tableOf(findings, connections);
      of.kafkajs.push(await produceLimit(bench, connections, "kafkajs"));
      of.producer.push(await produceLimit(bench, connections, "producer"));
      of.mqttjs.push(await subscribeLimit(bench, connections));
      of.pipe.push(await pipeRun(bench, connections));
      of.bridge.push(await bridgeRun(bench, { connections }));
      findings.loads.push(loadavg()[0] ?? 0);
    }
}

async function latency(bench: Bench, findings: Findings): Promise<void> {
  for (const connections of sizes) {
    const perSecond = Math.round(findings.halfLoad(connections) / 100) * 100;
    say(`latency: ${perSecond} messages/s from ${connections} connections …`);
    for (const by of ["pipe", "bridge"] as const)
      findings.latencies.push({
        by,
        connections,
        perSecond,
        ...(await endToEnd(bench, by, connections, perSecond, 2)),
      });
  }
}

/** Its own throughput through a proxy, with and without a delay in each of Kafka's answers. */
async function slowKafka(bench: Bench, findings: Findings): Promise<void> {
  const proxy: TcpProxy = await openTcpProxy({ port: bench.servers.kafkaPort });
  const bridge = { ...bench.bridge, dial: `127.0.0.1:${proxy.port}` };
  for (let round = 1; round <= Math.min(2, rounds); round++) {
    say(`Kafka ${slowerMs} ms later: round ${round} …`);
    proxy.delayAnswers(0);
    findings.prompt.push(await bridgeRun(bench, { connections: middle, bridge }));
    proxy.delayAnswers(slowerMs);
    findings.slow.push(await bridgeRun(bench, { connections: middle, bridge }));
  }
  await proxy.close();
}

/** SIGKILL in the middle, twice, and a fresh bridge each time; devices send again what was not acknowledged. */
async function kill(bench: Bench, findings: Findings): Promise<void> {
  say("kill -9 of the bridge in the middle of the load, twice …");
  findings.killed = await bridgeRun(bench, {
    connections: middle,
    perSecond: bench.total / 5,
    async meanwhile(first) {
      let bridge = first;
      for (let kills = 0; kills < 2; kills++) {
        await new Promise((resolve) => setTimeout(resolve, 1_200));
        await bridge.end("SIGKILL");
        bridge = await startBridge(bench.servers, bench.bridge);
      }
      return bridge;
    },
  });
}

mkdirSync(tmpdir(), { recursive: true });
const dir = mkdtempSync(join(tmpdir(), "ev-bench-bridge-"));
const began = performance.now();
say("Apache Kafka and Mosquitto start …");
// Cut short, it says what it has; the servers are killed with it.
const findings = newFindings();
const end = (code: number) => {
  rmSync(dir, { recursive: true, force: true });
  process.exit(code);
};
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    conclude(findings, middle, (performance.now() - began) / 1_000);
    end(1);
  });
const servers = await startBenchServers(dir, say);
const reader = await openReader(servers.bootstrap);
try {
  const bundles = await bundle(root, ["bridge/bridge-main.ts"]);
  const profile = values.profile ? ["--cpu-prof", `--cpu-prof-dir=${values.profile}`] : [];
  const bench: Bench = {
    servers,
    reader,
    bridge: {
      file: bundles.fileOf("bridge/bridge-main.ts"),
      flags: [...values.flags.split(" ").filter(Boolean), ...profile],
    },
    total: Number(values.messages),
  };
  // A JVM that has just started is ten times slower.
  await produceLimit({ ...bench, total: 100_000 }, middle, "producer", 100);
  if (parts.has("throughput")) await throughput(bench, findings);
  if (parts.has("latency")) await latency(bench, findings);
  if (parts.has("ack"))
    for (let round = 1; round <= rounds; round++) {
      say(`acknowledgements at 500 messages/s: round ${round} of ${rounds} …`);
      findings.acks.push(await ackTimes(bench, 500, 2));
    }
  if (parts.has("slow")) await slowKafka(bench, findings);
  if (parts.has("meter"))
    for (let round = 1; round <= rounds; round++) {
      say(`meter readings in columns: round ${round} of ${rounds} …`);
      findings.meter.push(
        await bridgeRun(bench, { connections: middle, kind: "meter", total: bench.total / 2 }),
      );
    }
  if (parts.has("kill")) await kill(bench, findings);
  const isHeld = conclude(findings, middle, (performance.now() - began) / 1_000);
  process.exitCode = isHeld ? 0 : 1;
} finally {
  await reader.close();
  await servers.stop();
}
end(Number(process.exitCode ?? 0));
