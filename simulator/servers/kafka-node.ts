// One node of Apache Kafka on disk: its jars, files and format, and the command that runs it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Complaint } from "../fleet/complaint.ts";
import type { Authority } from "./certificates.ts";
import { type KafkaSettings, kafkaProperties, log4jProperties, nodeFolder } from "./kafka-properties.ts";
import { fetchJars, type Jars, javaArguments, type Say, toInstallJava } from "./maven.ts";
import { lastLine, runTool } from "./tool.ts";

export const kafkaVersion = "4.1.1";
const log4jVersion = "2.24.3";
export const kafkaTitle = `Apache Kafka ${kafkaVersion}`;
const formatWithinMs = 60_000;

const jars: Jars = {
  title: kafkaTitle,
  name: `apache-kafka/${kafkaVersion}`,
  megabytes: 45,
  artifacts: [
    `org.apache.kafka:kafka_2.13:${kafkaVersion}`,
    ...["log4j-api", "log4j-core", "log4j-slf4j-impl"].map(
      (id) => `org.apache.logging.log4j:${id}:${log4jVersion}`,
    ),
  ],
};

/** Fetched once into the cache. */
export function kafkaJars(say: Say): Promise<string> {
  return fetchJars(jars, say);
}

export interface Jvm {
  heapMegabytes: number;
  /** Compiles quickly rather than well: starts sooner and costs less, but is no measure of throughput. */
  isBrief: boolean;
}

export function kafkaCommand(lib: string, { heapMegabytes, isBrief }: Jvm, folder: string): string[] {
  return [
    ...javaArguments(lib, heapMegabytes, [
      ...(isBrief ? ["-XX:TieredStopAtLevel=1"] : []),
      `-Dlog4j2.configurationFile=${join(folder, "log4j2.properties")}`,
    ]),
    "kafka.Kafka",
    join(folder, "server.properties"),
  ];
}

/** Writes a node's files; answers its folder. */
export function prepareNode(
  dir: string,
  settings: Omit<KafkaSettings, "dataDir" | "tls">,
  authority: Authority,
): string {
  const folder = nodeFolder(dir, settings.node.id);
  mkdirSync(folder, { recursive: true });
  const { cert, key } = authority.server();
  const keyAndCertificate = join(folder, "server.pem");
  writeFileSync(keyAndCertificate, readFileSync(key, "utf8") + readFileSync(cert, "utf8"), { mode: 0o600 });
  const tls = { keyAndCertificate, ca: authority.ca };
  const properties = kafkaProperties({ ...settings, dataDir: join(folder, "data"), tls });
  writeFileSync(join(folder, "server.properties"), properties);
  writeFileSync(join(folder, "log4j2.properties"), log4jProperties);
  return folder;
}

/** Once per folder; a formatted one is left alone. */
export async function format(lib: string, folder: string, cluster: string): Promise<void> {
  if (existsSync(join(folder, "data", "meta.properties"))) return;
  const { code, output } = await runTool({
    program: "java",
    args: [
      ...javaArguments(lib, 128, ["-XX:TieredStopAtLevel=1"]),
      ...["kafka.tools.StorageTool", "format", "--ignore-formatted"],
      ...["-t", cluster, "-c", join(folder, "server.properties")],
    ],
    cwd: folder,
    withinMs: formatWithinMs,
    toInstall: toInstallJava,
  });
  if (code !== 0) throw new Complaint(`${kafkaTitle}: formatting ${folder} failed: ${lastLine(output)}`);
}

/** 16 random bytes as Kafka writes them; one for all nodes, kept. */
export function clusterId(dir: string): string {
  const path = join(dir, "cluster-id");
  if (!existsSync(path)) {
    const bytes = crypto.getRandomValues(Buffer.alloc(16));
    // A leading dash would be an option to Kafka's own tool.
    writeFileSync(path, bytes.toString("base64url").replace(/^-/, "A"));
  }
  return readFileSync(path, "utf8");
}
