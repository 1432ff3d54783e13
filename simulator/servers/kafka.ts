// Apache Kafka on loopback: one broker, or three with every record on each of them.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type KafkaAddress, openClient } from "../../wire/kafka/client.ts";
import { errorText, silentLog } from "../../wire/process/log.ts";
import { Complaint } from "../fleet/complaint.ts";
import { authorityIn } from "./certificates.ts";
import { clusterId, format, kafkaCommand, kafkaJars, kafkaTitle, prepareNode } from "./kafka-node.ts";
import { type KafkaNode, nodeFolder, replicationOf } from "./kafka-properties.ts";
import { type Say, toInstallJava } from "./maven.ts";
import { freePorts } from "./ports.ts";
import { endServer, runningServer, startServer, whenReady } from "./server-process.ts";

export const kafkaName = "kafka";
const readyWithinMs = 90_000;
export interface KafkaOptions {
  /** A folder per node, certificates, logs. */
  dir: string;
  /** Of the first node; the others follow. TLS is 100 above, the controllers 200 above. Default: any free ones. */
  port?: number;
  /** 1 or 3. */
  brokers?: number;
  heapMegabytes?: number;
  /** A JVM that starts sooner and never becomes fast; default false. */
  isBrief?: boolean;
  /** Settings of server.properties that a test wants otherwise. */
  settings?: Readonly<Record<string, string>>;
  /** It outlives this process; default false. */
  lasting?: boolean;
  say?: Say;
}

export interface ApacheKafka {
  /** `host:port` of every broker, comma between. */
  bootstrap: string;
  /** The same behind TLS; a client certificate is asked for. */
  tlsBootstrap: string;
  /** What a client of the TLS address needs. */
  tls: { ca: string; cert: string; key: string };
  /** For topics: every broker has a copy. */
  replication: number;
  /** Process of broker n, from 1. */
  pid(n?: number): number | undefined;
  /** SIGKILL; resolves when it is gone. */
  kill(n?: number): Promise<void>;
  /** Asks it to end: its partitions move first. */
  end(n?: number): Promise<void>;
  /** Again, with its data, at the same address; resolves when it answers. */
  start(n?: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts every broker; resolves when all of them answer. Throws a Complaint that says what to do. */
export async function startApacheKafka(options: KafkaOptions): Promise<ApacheKafka> {
  const {
    brokers = 1,
    heapMegabytes = brokers > 1 ? 320 : 384,
    isBrief = false,
    lasting = false,
    say = () => {},
  } = options;
  if (brokers !== 1 && brokers !== 3) throw new Complaint(`--brokers ${brokers}: 1 or 3`);
  const dir = resolve(options.dir);
  const lib = await kafkaJars(say);
  const nodes = await nodesFrom(brokers, options.port);
  mkdirSync(dir, { recursive: true });
  const authority = authorityIn(join(dir, "tls"));
  const tls = { ca: authority.ca, ...authority.client("ev-services") };
  const cluster = clusterId(dir);
  await Promise.all(
    nodes.map((node) => {
      const at = prepareNode(dir, { node, nodes, more: options.settings ?? {} }, authority);
      return format(lib, at, cluster);
    }),
  );
  const bootstrap = nodes.map(({ port }) => `127.0.0.1:${port}`).join(",");
  const nodeOf = (n: number): KafkaNode => {
    const node = nodes[n - 1];
    if (!node) throw new RangeError(`there is no broker ${n}`);
    return node;
  };
  const placeOf = (n: number) => ({ folder: nodeFolder(dir, nodeOf(n).id), name: kafkaName });
  const run = async (n: number) => {
    const place = placeOf(n);
    const identity = await startServer({
      ...place,
      program: "java",
      args: kafkaCommand(lib, { heapMegabytes, isBrief }, place.folder),
      toInstall: toInstallJava,
      lasting,
    });
    return { ...place, title: `${kafkaTitle} broker ${n}`, identity };
  };
  const start = async (n = 1) => {
    const server = await run(n);
    const { id, port } = nodeOf(n);
    await whenReady(
      server,
      async () => (await brokersSeenBy([`127.0.0.1:${port}`])).includes(id),
      readyWithinMs,
    );
  };
  const everyone = nodes.map((_, i) => i + 1);
  const kafka: ApacheKafka = {
    bootstrap,
    tlsBootstrap: nodes.map(({ tlsPort }) => `localhost:${tlsPort}`).join(","),
    tls,
    replication: replicationOf(brokers).replicas,
    pid: (n = 1) => runningServer(placeOf(n).folder, kafkaName)?.pid,
    kill: (n = 1) => endServer(placeOf(n), "SIGKILL"),
    end: (n = 1) => endServer(placeOf(n), "SIGTERM", 30_000),
    start,
    async stop() {
      await Promise.all(everyone.map((n) => endServer(placeOf(n), "SIGTERM", 8_000)));
    },
  };
  try {
    // All at once: a single controller of three answers nobody.
    await Promise.all(everyone.map(start));
    await allTogether(bootstrap.split(","), brokers);
  } catch (error) {
    await kafka.stop();
    throw error;
  }
  return kafka;
}

/** The node ids that a broker at this address knows; empty when nobody answers. */
export async function brokersSeenBy(
  brokers: readonly string[],
  tls?: KafkaAddress["tls"],
): Promise<number[]> {
  const address: KafkaAddress = { brokers, clientId: "health", log: silentLog, ...(tls && { tls }) };
  const client = openClient(address, { ordinaryMs: 2_000, joinMs: 2_000 }, 0);
  const admin = client.kafka.admin({ retry: { retries: 0 } });
  try {
    await admin.connect();
    const { brokers: found } = await admin.describeCluster();
    return found.map(({ nodeId }) => nodeId);
  } catch (error) {
    if (error instanceof Error) return [];
    throw error;
  } finally {
    client.destroy("asked");
    await admin.disconnect().catch((error: unknown) => silentLog.debug(errorText(error)));
  }
}

/** Each broker has registered and every other one knows it. */
async function allTogether(addresses: readonly string[], count: number): Promise<void> {
  const deadline = performance.now() + readyWithinMs;
  for (;;) {
    const seen = await Promise.all(addresses.map((address) => brokersSeenBy([address])));
    if (seen.every((ids) => ids.length === count)) return;
    if (performance.now() > deadline)
      throw new Complaint(`${kafkaTitle}: the brokers do not find each other (${JSON.stringify(seen)})`);
    await pause(100);
  }
}

async function nodesFrom(count: number, port: number | undefined): Promise<KafkaNode[]> {
  const free = port === undefined ? await freePorts(count * 3) : [];
  return Array.from({ length: count }, (_, i) => ({
    id: i + 1,
    port: port === undefined ? (free[3 * i] ?? 0) : port + i,
    tlsPort: port === undefined ? (free[3 * i + 1] ?? 0) : port + 100 + i,
    controllerPort: port === undefined ? (free[3 * i + 2] ?? 0) : port + 200 + i,
  }));
}
