// Servers that come as Java archives: fetched from Maven Central with everything they need at run time.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Complaint } from "../fleet/complaint.ts";
import { fetchedOnce } from "./cache.ts";
import { lastLine, runTool } from "./tool.ts";

export interface Jars {
  /** For people: "Apache Kafka 4.1.1". */
  title: string;
  /** Folder in the cache. */
  name: string;
  megabytes: number;
  /** `group:artifact:version` each; what they depend on comes along. */
  artifacts: readonly string[];
}

export type Say = (line: string) => void;

const fetchWithinMs = 480_000;
const javaAndMaven = "apt-get install openjdk-17-jre-headless maven (or any Java from 17 on)";

/** A folder full of jars. Throws a Complaint that says what to do when they cannot be had. */
export function fetchJars({ title, name, megabytes, artifacts }: Jars, say: Say): Promise<string> {
  return fetchedOnce(name, async (fresh) => {
    const pom = join(fresh, "pom.xml");
    writeFileSync(pom, pomOf(artifacts));
    say(`${title}: fetching about ${megabytes} MB from Maven Central, once`);
    const { code, output } = await runTool({
      program: "mvn",
      args: [
        ...["-B", "-f", pom, "dependency:copy-dependencies"],
        ...["-DincludeScope=runtime", `-DoutputDirectory=${fresh}`],
      ],
      cwd: fresh,
      withinMs: fetchWithinMs,
      toInstall: javaAndMaven,
      progress: (line) => say(`${title}: ${line}`),
    });
    if (code !== 0) throw new Complaint(failure(title, code, output));
    rmSync(pom);
    say(`${title}: fetched`);
  });
}

function failure(title: string, code: number | null, output: string): string {
  const reason = output.split("\n").find((line) => line.startsWith("[ERROR]")) ?? lastLine(output);
  const how = code === null ? `not within ${fetchWithinMs / 60_000} minutes` : `mvn exit ${code}`;
  return `${title} could not be fetched from Maven Central (${how}): ${reason.replace("[ERROR] ", "").slice(0, 400)}
  Check that this machine reaches https://repo.maven.apache.org (a proxy or mirror goes into ~/.m2/settings.xml), then run the same command again; what has been fetched so far is kept.`;
}

function pomOf(artifacts: readonly string[]): string {
  const dependencies = artifacts.map((artifact) => {
    const [group, id, version] = artifact.split(":");
    return `    <dependency><groupId>${group}</groupId><artifactId>${id}</artifactId><version>${version}</version></dependency>`;
  });
  return [
    "<project>",
    "  <modelVersion>4.0.0</modelVersion>",
    "  <groupId>local</groupId><artifactId>fetch</artifactId><version>1</version>",
    "  <dependencies>",
    ...dependencies,
    "  </dependencies>",
    "</project>",
    "",
  ].join("\n");
}

/** The JVM's arguments for a class of such a folder: small, and with the collector that starts fastest. */
export function javaArguments(
  jars: string,
  heapMegabytes: number,
  settings: readonly string[] = [],
): string[] {
  return [`-Xmx${heapMegabytes}m`, "-XX:+UseSerialGC", ...settings, "-cp", join(jars, "*")];
}

export const toInstallJava = javaAndMaven;
