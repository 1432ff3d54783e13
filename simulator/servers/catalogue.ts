// The servers that can be had on this machine, for the command that starts, shows and ends them.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { createDynamoDbTable } from "../../central-fn/tables/dynamodb.ts";
import { Complaint } from "../fleet/complaint.ts";
import { answersHttp, dynamoDbName, dynamoDbVersion, startDynamoDbLocal } from "./dynamodb-local.ts";
import { brokersSeenBy, kafkaName, startApacheKafka } from "./kafka.ts";
import { kafkaVersion } from "./kafka-node.ts";
import type { Say } from "./maven.ts";
import { letsIn, mosquittoVersion, startMosquitto } from "./mosquitto.ts";
import { mosquittoName } from "./mosquitto-clients.ts";
import { isTaken } from "./ports.ts";
import { endServer, runningServer } from "./server-process.ts";

export const serverNames = ["kafka", "mqtt", "dynamodb"] as const;
export type ServerName = (typeof serverNames)[number];

export interface UpOptions {
  dir: string;
  portOffset: number;
  brokers: number;
  say: Say;
}

/** What was told at the start, kept beside the server for `status`. */
const Facts = z.object({
  title: z.string(),
  address: z.string(),
  /** Variables by which the project's programs use it. */
  env: z.record(z.string(), z.string()),
  /** The same over TLS with a certificate, where that is an alternative. */
  tlsEnv: z.record(z.string(), z.string()).optional(),
});
export type Facts = z.infer<typeof Facts>;

export interface Status extends Facts {
  name: ServerName;
  pids: number[];
  health: "answers" | "does not answer" | "stopped";
}

const ports = { kafka: 9_092, mqtt: 8_883, dynamodb: 8_001 };
const tableName = "ev-core";

/** Starts a server, or leaves the one that runs there; resolves when it answers. Throws a Complaint. */
export async function startOne(name: ServerName, options: UpOptions): Promise<Facts> {
  const dir = join(options.dir, name);
  const known = factsOf(dir);
  if (known && placesOf(name, dir).some((place) => runningServer(place.folder, place.name))) return known;
  const port = ports[name] + options.portOffset;
  const wanted = name === "kafka" ? kafkaPorts(port, options.brokers) : [port];
  const taken = await Promise.all(wanted.map(async (one) => ({ one, taken: await isTaken(one) })));
  const first = taken.find((answer) => answer.taken);
  if (first)
    throw new Complaint(
      `port ${first.one} (for ${name}) is taken: stop what listens there, or move all ports with --port-offset N`,
    );
  const facts = await starters[name](dir, port, options);
  writeFileSync(join(dir, "facts.json"), `${JSON.stringify(facts, null, 2)}\n`);
  return facts;
}

type Starter = (dir: string, port: number, options: UpOptions) => Promise<Facts>;

const starters: Record<ServerName, Starter> = {
  async kafka(dir, port, { brokers, say }) {
    // Kafka's own patience: a busy machine must not take a slow broker for a dead one.
    const settings = { "broker.session.timeout.ms": "9000", "broker.heartbeat.interval.ms": "2000" };
    const kafka = await startApacheKafka({ dir, port, brokers, settings, lasting: true, say });
    const replication: Record<string, string> =
      kafka.replication > 1 ? { REPLICATION: String(kafka.replication) } : {};
    return {
      title: `Apache Kafka ${kafkaVersion}${brokers > 1 ? `, ${brokers} brokers` : ""}`,
      address: kafka.bootstrap,
      env: { KAFKA_BOOTSTRAP: kafka.bootstrap, ...replication },
      tlsEnv: {
        KAFKA_BOOTSTRAP: kafka.tlsBootstrap,
        KAFKA_TLS: "1",
        KAFKA_CA_PATH: kafka.tls.ca,
        KAFKA_CERT_PATH: kafka.tls.cert,
        KAFKA_KEY_PATH: kafka.tls.key,
        ...replication,
      },
    };
  },
  async mqtt(dir, port, { say }) {
    const mosquitto = await startMosquitto({ dir, port, lasting: true, say });
    return {
      title: `Mosquitto ${await mosquittoVersion()}`,
      address: mosquitto.url,
      env: { MQTT_URL: mosquitto.url, MQTT_CA_PATH: mosquitto.ca, MQTT_CERT_DIR: mosquitto.certDir },
    };
  },
  async dynamodb(dir, port, { say }) {
    const { endpoint } = await startDynamoDbLocal({ dir, port, lasting: true, say });
    await createDynamoDbTable({ tableName, endpoint });
    return {
      title: `DynamoDB Local ${dynamoDbVersion}`,
      address: endpoint,
      env: { TABLE_URL: `dynamodb:${tableName}?endpoint=${endpoint}` },
    };
  },
};

/** What is known of a server in this state folder; undefined when it was never started there. */
export async function statusOf(name: ServerName, stateDir: string): Promise<Status | undefined> {
  const dir = join(stateDir, name);
  const facts = factsOf(dir);
  if (!facts) return undefined;
  const pids = placesOf(name, dir).flatMap((place) => runningServer(place.folder, place.name)?.pid ?? []);
  if (pids.length === 0) return { ...facts, name, pids, health: "stopped" };
  const answers = await isWell(name, dir, facts.address);
  return { ...facts, name, pids, health: answers ? "answers" : "does not answer" };
}

async function isWell(name: ServerName, dir: string, address: string): Promise<boolean> {
  switch (name) {
    case "kafka": {
      const brokers = address.split(",");
      return (await brokersSeenBy(brokers)).length === brokers.length;
    }
    case "mqtt":
      return letsIn(dir, address);
    case "dynamodb":
      return answersHttp(address);
  }
}

/** Ends every process of the server; its data stay unless `wipe`. Answers how many there were. */
export async function stopOne(name: ServerName, stateDir: string, wipe: boolean): Promise<number> {
  const dir = join(stateDir, name);
  const running = placesOf(name, dir).filter((place) => runningServer(place.folder, place.name));
  await Promise.all(running.map((place) => endServer(place, "SIGTERM")));
  if (wipe) rmSync(dir, { recursive: true, force: true });
  return running.length;
}

function kafkaPorts(port: number, brokers: number): number[] {
  const each = Array.from({ length: brokers }, (_, i) => port + i);
  return each.flatMap((one) => [one, one + 100, one + 200]);
}

/** Where pid files may lie. */
function placesOf(name: ServerName, dir: string): { folder: string; name: string }[] {
  switch (name) {
    case "kafka":
      return (existsSync(dir) ? readdirSync(dir) : [])
        .filter((entry) => entry.startsWith("node-"))
        .map((entry) => ({ folder: join(dir, entry), name: kafkaName }));
    case "mqtt":
      return [{ folder: dir, name: mosquittoName }];
    case "dynamodb":
      return [{ folder: dir, name: dynamoDbName }];
  }
}

function factsOf(dir: string): Facts | undefined {
  const path = join(dir, "facts.json");
  if (!existsSync(path)) return undefined;
  return Facts.parse(JSON.parse(readFileSync(path, "utf8")));
}
