// The servers of the bridge's bench: Apache Kafka, a Mosquitto that drops nothing, and the two programs of the naive
// pipe.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { ensureTopics } from "../../wire/kafka/index.ts";
import { localPartitions } from "../../wire/messages/index.ts";
import { silentLog } from "../../wire/process/log.ts";
import { unpackedPackage } from "../servers/debian.ts";
import { startApacheKafka } from "../servers/kafka.ts";
import type { Say } from "../servers/maven.ts";
import { freePorts, isTaken } from "../servers/ports.ts";
import { endServer, startServer, whenReady } from "../servers/server-process.ts";

export interface Program {
  program: string;
  env: Record<string, string>;
}

export interface BenchServers {
  bootstrap: string;
  kafkaPort: number;
  mqttPort: number;
  mosquittoPid: number;
  kafkaPid: number;
  mosquittoSub: Program;
  kcat: Program;
  stop(): Promise<void>;
}

const readyWithinMs = 20_000;

/** Everything in `dir`. Throws a Complaint that says what to do when a server cannot be had. */
export async function startBenchServers(dir: string, say: Say): Promise<BenchServers> {
  const [kafka, mosquitto, mosquittoSub, kcat] = await Promise.all([
    startApacheKafka({ dir: join(dir, "kafka"), say }),
    startPlainMosquitto(join(dir, "mosquitto"), say),
    debianProgram("mosquitto-clients", "mosquitto_sub", say),
    debianProgram("kcat", "kcat", say),
  ]);
  await ensureTopics({
    brokers: [kafka.bootstrap],
    clientId: "bench",
    log: silentLog,
    partitions: localPartitions,
    replication: 1,
  });
  return {
    bootstrap: kafka.bootstrap,
    kafkaPort: Number(kafka.bootstrap.split(":")[1]),
    kafkaPid: kafka.pid() ?? 0,
    mqttPort: mosquitto.port,
    mosquittoPid: mosquitto.pid,
    mosquittoSub,
    kcat,
    async stop() {
      await Promise.all([kafka.stop(), mosquitto.stop()]);
    },
  };
}

/** No TLS, no rights: what is measured is the bridge. With its usual queue of 100 it would drop what the pipe leaves. */
async function startPlainMosquitto(folder: string, say: Say) {
  mkdirSync(folder, { recursive: true });
  const { program, env } = await debianProgram("mosquitto", "mosquitto", say);
  const [port = 0] = await freePorts(1);
  const conf = join(folder, "mosquitto.conf");
  writeFileSync(
    conf,
    [
      `listener ${port} 127.0.0.1`,
      "allow_anonymous true",
      "max_inflight_messages 0",
      "max_queued_messages 0",
      "max_queued_bytes 0",
      "set_tcp_nodelay true",
      "persistence false",
      `user ${userInfo().username}`,
      "log_type error",
      "",
    ].join("\n"),
  );
  const place = { folder, name: "mosquitto" };
  const identity = await startServer({
    ...place,
    program,
    env,
    args: ["-c", conf],
    toInstall: "apt-get install mosquitto",
    lasting: false,
  });
  await whenReady({ ...place, title: "Mosquitto", identity }, () => isTaken(port), readyWithinMs);
  return { port, pid: identity.pid, stop: () => endServer(place, "SIGTERM") };
}

/** The one that is installed, else Debian's, unpacked into the cache. */
async function debianProgram(packageName: string, name: string, say: Say): Promise<Program> {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  const installed = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (installed !== undefined) return { program: installed, env: {} };
  const root = await unpackedPackage(packageName, say);
  const libraries = join(root, "usr", "lib");
  const under = readdirSync(libraries, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const paths = [libraries, ...under.map((entry) => join(libraries, entry.name))];
  const program = ["usr/bin", "usr/sbin"]
    .map((bin) => join(root, bin, name))
    .find((path) => existsSync(path));
  if (program === undefined) throw new Error(`${name} is not in the package ${packageName}`);
  return { program, env: { LD_LIBRARY_PATH: paths.join(delimiter) } };
}
