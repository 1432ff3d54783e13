// The Kafka stand-in as a process of its own, on a free port with a folder of its own, that a test can kill.
// KAFKA_COMMAND names another broker to run the same tests against: a program that reads KAFKA_PORT and KAFKA_DATA
// and prints `started successfully`.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OutRecord } from "../../../wire/kafka/index.ts";
import { type InRecord, openConsumer } from "../../../wire/kafka/index.ts";
import { silentLog } from "../../../wire/process/log.ts";
import { freePort } from "../../support/free-port.ts";

export interface StandIn {
  readonly port: number;
  readonly brokers: string[];
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  pause(): void;
  unpause(): void;
  /** Starts it again with the same port and data. */
  start(): Promise<void>;
  /** Kills it and removes its data. */
  remove(): Promise<void>;
}

const root = new URL("../../../", import.meta.url).pathname;

/** Starts one of our processes; resolves when it has logged `started successfully`. */
export async function startProcess(
  main: string,
  env: Record<string, string>,
  lines: string[] = [],
): Promise<ChildProcess> {
  const [program, args] = main.endsWith(".ts") ? [process.execPath, [join(root, main)]] : [main, []];
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH ?? "", NODE_NO_WARNINGS: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const note = (chunk: Buffer) => {
    lines.push(...chunk.toString().split("\n").filter(Boolean));
  };
  child.stdout?.on("data", note);
  child.stderr?.on("data", note);
  const started = until(
    () => {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`${main} ended with ${child.exitCode ?? child.signalCode}: ${lines.join("\n")}`);
      return lines.some((line) => line.includes("started successfully"));
    },
    15_000,
    () => `${main} to start: ${lines.join("\n")}`,
  );
  // What did not come up in time must not stay behind.
  await started.catch(async (error: unknown) => {
    await endProcess(child);
    throw error;
  });
  return child;
}

export async function endProcess(child: ChildProcess, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await gone;
}

export async function startStandIn(): Promise<StandIn> {
  const data = await mkdtemp(join(tmpdir(), "kafka-stand-in-"));
  const port = await freePort();
  let child: ChildProcess | undefined;
  const standIn: StandIn = {
    port,
    brokers: [`127.0.0.1:${port}`],
    async start() {
      child = await startProcess(process.env.KAFKA_COMMAND ?? "simulator/brokers/kafka/kafka-main.ts", {
        KAFKA_HOST: "127.0.0.1",
        KAFKA_PORT: String(port),
        KAFKA_DATA: data,
      });
    },
    async kill() {
      if (child) await endProcess(child);
    },
    pause: () => void child?.kill("SIGSTOP"),
    unpause: () => void child?.kill("SIGCONT"),
    async remove() {
      await standIn.kill();
      await rm(data, { recursive: true, force: true });
    },
  };
  await standIn.start();
  return standIn;
}

/** The machine may be busy, and a broker that is not the stand-in may take long to start. */
const patience = process.env.KAFKA_COMMAND ? 10 : 3;

/** Waits for a condition, asked every 10 ms; throws with `what` after the bound. */
export async function until(
  condition: () => boolean,
  withinMs: number,
  what: () => string = () => condition.toString(),
): Promise<void> {
  const deadline = performance.now() + withinMs * patience;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

let readers = 0;

/** Reads topics from the beginning until `enough` says so; per partition in log order. */
export async function readLog(
  brokers: readonly string[],
  topics: readonly string[],
  enough: (records: readonly InRecord[]) => boolean,
): Promise<InRecord[]> {
  const records: InRecord[] = [];
  const consumer = openConsumer({
    brokers,
    topics,
    clientId: "reader",
    groupId: `reader-${process.pid}-${Date.now()}-${readers++}`,
    log: silentLog,
    async onBatch(batch) {
      records.push(...batch);
      return batch.at(-1)?.offset ?? null;
    },
  });
  try {
    await until(
      () => enough(records),
      10_000,
      () => `${records.length} records read of ${topics.join(", ")}`,
    );
    return records;
  } finally {
    await consumer.close();
  }
}

/** A record whose value is its number. */
export function numbered(n: number, partition: number, topic = "cp.events"): OutRecord {
  return { topic, key: `k${partition}`, partition, value: String(n) };
}
