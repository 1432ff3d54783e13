// DynamoDB Local: a real implementation of the service's API on loopback, with its data in a folder.
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { fetchJars, type Jars, javaArguments, type Say, toInstallJava } from "./maven.ts";
import { freePorts } from "./ports.ts";
import { endServer, runningServer, startServer, whenReady } from "./server-process.ts";

/** Runs on Java 17; newer ones follow the same coordinates. */
export const dynamoDbVersion = "2.6.1";
export const dynamoDbName = "dynamodb-local";
const title = `DynamoDB Local ${dynamoDbVersion}`;
const readyWithinMs = 60_000;

const jars: Jars = {
  title,
  name: `dynamodb-local/${dynamoDbVersion}`,
  megabytes: 50,
  artifacts: [`com.amazonaws:DynamoDBLocal:${dynamoDbVersion}`],
};

export interface DynamoDbOptions {
  dir: string;
  /** Default: any free one. */
  port?: number;
  heapMegabytes?: number;
  /** It outlives this process; default false. */
  lasting?: boolean;
  say?: Say;
}

export interface DynamoDbLocal {
  endpoint: string;
  pid(): number | undefined;
  kill(): Promise<void>;
  /** Again, with its data, at the same address. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What runs it in the foreground. Throws a Complaint that says what to do when the download fails. */
export async function dynamoDbCommand(
  options: Required<Pick<DynamoDbOptions, "dir" | "port" | "say">> & { heapMegabytes?: number },
): Promise<{ program: string; args: string[]; toInstall: string }> {
  const folder = await fetchJars(jars, options.say);
  return {
    program: "java",
    args: [
      ...javaArguments(folder, options.heapMegabytes ?? 256, [
        `-Dsqlite4java.library.path=${folder}`,
        "-XX:TieredStopAtLevel=1",
      ]),
      "com.amazonaws.services.dynamodbv2.local.main.ServerRunner",
      // One database for every key and region, as the address alone should say which table is meant.
      ...["-sharedDb", "-dbPath", options.dir, "-port", String(options.port), "-disableTelemetry"],
    ],
    toInstall: toInstallJava,
  };
}

/** Starts it; resolves when it answers. Throws a Complaint that says what to do when Java or the download is missing. */
export async function startDynamoDbLocal(options: DynamoDbOptions): Promise<DynamoDbLocal> {
  const { heapMegabytes = 256, lasting = false, say = () => {} } = options;
  const dir = resolve(options.dir);
  const port = options.port ?? (await freePorts(1))[0] ?? 0;
  const command = await dynamoDbCommand({ dir, port, heapMegabytes, say });
  mkdirSync(dir, { recursive: true });
  const place = { folder: dir, name: dynamoDbName };
  const endpoint = `http://127.0.0.1:${port}`;
  const start = async () => {
    const identity = await startServer({ ...place, ...command, lasting });
    await whenReady({ ...place, title, identity }, () => answersHttp(endpoint), readyWithinMs);
  };
  await start();
  return {
    endpoint,
    pid: () => runningServer(dir, dynamoDbName)?.pid,
    kill: () => endServer(place, "SIGKILL"),
    start,
    stop: () => endServer(place, "SIGTERM"),
  };
}

/** Whatever it answers to a request without a signature: it is there. */
export async function answersHttp(endpoint: string): Promise<boolean> {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(2_000) });
    return true;
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}
