// Apache Kafka, one broker, in the place of the stand-in's process: reads KAFKA_PORT and KAFKA_DATA, says
// `started successfully`, and is the JVM itself, so that killing or freezing this process is killing Kafka.
import { existsSync, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import * as z from "zod";
import { port, readEnvironment } from "../../wire/process/environment.ts";
import { authorityIn } from "./certificates.ts";
import { clusterId, format, kafkaCommand, kafkaJars, prepareNode } from "./kafka-node.ts";
import { toInstallJava } from "./maven.ts";
import { freePorts } from "./ports.ts";

const jvm = { heapMegabytes: 320, isBrief: true };
const env = readEnvironment(
  z.object({
    KAFKA_PORT: port,
    KAFKA_DATA: z.string().min(1),
    /** Settings of server.properties as JSON, for those that are to differ. */
    KAFKA_SETTINGS: z
      .string()
      .default("{}")
      .transform((text) => z.record(z.string(), z.string()).parse(JSON.parse(text))),
  }),
);

mkdirSync(env.KAFKA_DATA, { recursive: true });
const lib = await kafkaJars((line) => process.stderr.write(`${line}\n`));
const [tlsPort = 0, controllerPort = 0] = await freePorts(2);
const node = { id: 1, port: env.KAFKA_PORT, tlsPort, controllerPort };
// Nobody takes over from the only broker: it need not wait long until its earlier self is taken for dead.
const alone = { "broker.session.timeout.ms": "2000", "broker.heartbeat.interval.ms": "500" };
const settings = { node, nodes: [node], more: { ...alone, ...env.KAFKA_SETTINGS } };
const folder = prepareNode(env.KAFKA_DATA, settings, authorityIn(join(env.KAFKA_DATA, "tls")));
await format(lib, folder, clusterId(env.KAFKA_DATA));
const java = onPath("java");
if (java === undefined || !process.execve) {
  process.stderr.write(`java is not on the path: ${toInstallJava}\n`);
  process.exit(1);
}
// With util-linux it ends when the supervisor does, whose standard input it does not watch.
const setpriv = process.env.EXIT_WITH_STDIN === "1" ? onPath("setpriv") : undefined;
const command = [java, ...kafkaCommand(lib, jvm, folder)];
const words = setpriv === undefined ? command : [setpriv, "--pdeathsig", "TERM", ...command];
process.execve(words[0] ?? java, words, process.env as NodeJS.Dict<string>);

function onPath(program: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((path) => join(path, program)).find((path) => existsSync(path));
}
