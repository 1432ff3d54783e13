// Kafka, table and Central for a run of the benchmark, and the wire to Central's process.
import { type ChildProcess, fork, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDynamoDbTable } from "../../central-fn/tables/dynamodb.ts";
import { type OutRecord, openProducer, type Producer } from "../../wire/kafka/index.ts";
import { silentLog } from "../../wire/process/log.ts";
import { freePorts } from "../servers/ports.ts";
import { benchPartitions } from "./central.fleet.ts";
import type { Asked, Figures, Setup, Told } from "./central.process.ts";

export interface ServerOptions {
  /** Default: the stand-in, started here. */
  kafka: string | undefined;
  /** Default: SQLite in the run's folder. */
  table: string | undefined;
  replication: number;
  /** Central writes a CPU profile there when it ends. */
  profile: string | undefined;
}

export interface BenchServers {
  setup: Setup;
  url: string;
  pid: number;
  producer: Producer;
  /** From now on counts anew, and tells `handled` when so many records are done. */
  count(records: number): Promise<Figures>;
  read(): Promise<Figures>;
  consume(on: boolean): Promise<void>;
  sendAll(records: readonly OutRecord[]): Promise<void>;
  /** Sends these and waits until Central has handled them. */
  handled(records: readonly OutRecord[]): Promise<Figures>;
  end(): Promise<void>;
}

const recordsPerSend = 1_000;

/** Everything is gone when this process ends, however it ends. */
export async function startServers(options: ServerOptions): Promise<BenchServers> {
  const folder = mkdtempSync(join(tmpdir(), "ev-bench-central-"));
  const children: ChildProcess[] = [];
  process.on("exit", () => {
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));

  const kafka = options.kafka ?? (await startKafka(join(folder, "kafka"), children));
  const setup: Setup = {
    kafka,
    tableUrl: await tableUrlOf(options.table, folder),
    keyPath: join(folder, "key"),
    groupId: `bench-central-${randomBytes(4).toString("hex")}`,
    partitions: benchPartitions,
    replication: options.replication,
    sinceMs: Date.now(),
  };
  const central = fork(join(import.meta.dirname, "central.process.ts"), [JSON.stringify(setup)], {
    execArgv: ["--disable-warning=ExperimentalWarning", ...profiling(options.profile)],
  });
  children.push(central);
  const onExit = (code: number | null) => {
    console.error(`Central ended (${code})`);
    process.exit(1);
  };
  central.once("exit", onExit);
  const told = <Is extends Told["is"]>(is: Is) =>
    new Promise<Extract<Told, { is: Is }>>((resolve) => {
      const hear = (one: Told) => {
        if (one.is !== is) return;
        central.off("message", hear);
        resolve(one as Extract<Told, { is: Is }>);
      };
      central.on("message", hear);
    });
  const ask = (asked: Asked) => void central.send(asked);
  const { url } = await told("ready");
  const producer = openProducer({ brokers: kafka.split(","), clientId: "bench-fleet", log: silentLog });

  const count = (records: number): Promise<Figures> => {
    const done = told("handled");
    ask({ do: "count", records });
    return done;
  };
  const sendAll = async (records: readonly OutRecord[]) => {
    const calls: Promise<void>[] = [];
    for (let i = 0; i < records.length; i += recordsPerSend)
      calls.push(producer.send(records.slice(i, i + recordsPerSend)));
    await Promise.all(calls);
  };
  return {
    setup,
    url,
    pid: central.pid ?? 0,
    producer,
    count,
    read() {
      const answer = told("read");
      ask({ do: "read" });
      return answer;
    },
    async consume(on) {
      const answer = told("consuming");
      ask({ do: "consume", on });
      await answer;
    },
    sendAll,
    async handled(records) {
      const done = count(records.length);
      await sendAll(records);
      return done;
    },
    async end() {
      central.off("exit", onExit);
      const ended = new Promise((resolve) => central.once("exit", resolve));
      central.disconnect();
      await ended;
      await producer.close();
    },
  };
}

async function startKafka(dataPath: string, children: ChildProcess[]): Promise<string> {
  const [port = 0] = await freePorts(1);
  const child = spawn(process.execPath, [join(import.meta.dirname, "../brokers/kafka/kafka-main.ts")], {
    env: { ...process.env, KAFKA_PORT: String(port), KAFKA_DATA: dataPath },
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

/** A table in DynamoDB is made for the run: its name is the one given and a suffix. */
async function tableUrlOf(url: string | undefined, folder: string): Promise<string> {
  if (url === undefined) return `sqlite:${join(folder, "central.db")}`;
  if (!url.startsWith("dynamodb:")) return url;
  const [name = "", query = ""] = url.slice("dynamodb:".length).split("?");
  const tableName = `${name}-${randomBytes(4).toString("hex")}`;
  const endpoint = new URLSearchParams(query).get("endpoint");
  await createDynamoDbTable({ tableName, ...(endpoint && { endpoint }) });
  return `dynamodb:${tableName}?${query}`;
}

function profiling(folder: string | undefined): string[] {
  if (folder === undefined) return [];
  mkdirSync(folder, { recursive: true });
  return ["--cpu-prof", `--cpu-prof-dir=${folder}`, "--cpu-prof-interval=500"];
}
