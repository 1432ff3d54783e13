// DynamoDB Local, for tests: fetched once from Maven Central into a cache outside the tree, started in memory.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** Runs on Java 17; newer ones follow the same coordinates. */
const version = "2.6.1";
const readyWithinMs = 30_000;
const fetchWithinMs = 480_000;

export interface DynamoDbLocal {
  endpoint: string;
  stop(): Promise<void>;
}

/** Starts a fresh, empty DynamoDB Local. Throws, saying what to do, when Java, Maven or the download is missing. */
export async function startDynamoDbLocal(): Promise<DynamoDbLocal> {
  const folder = await install();
  const port = await freePort();
  const server = run("java", [
    `-Dsqlite4java.library.path=${folder}`,
    "-cp",
    join(folder, "*"),
    "com.amazonaws.services.dynamodbv2.local.main.ServerRunner",
    "-inMemory",
    "-port",
    String(port),
  ]);
  const killWithUs = () => server.process.kill("SIGKILL");
  process.on("exit", killWithUs);
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await waitUntilItAnswers(endpoint, server);
  } catch (error) {
    server.process.kill("SIGKILL");
    throw error;
  }
  return {
    endpoint,
    async stop() {
      process.off("exit", killWithUs);
      server.process.kill("SIGKILL");
      await server.ended;
    },
  };
}

async function install(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "ev-charging");
  const folder = join(cache, "dynamodb-local", version);
  if (existsSync(folder)) return folder;
  mkdirSync(join(cache, "dynamodb-local"), { recursive: true });
  const fresh = mkdtempSync(join(cache, "dynamodb-local", "fetch-"));
  try {
    writeFileSync(join(fresh, "pom.xml"), pom);
    process.stderr.write(
      `DynamoDB Local ${version}: fetching about 50 MB from Maven Central into ${folder}\n`,
    );
    const maven = run("mvn", [
      "-B",
      "-f",
      join(fresh, "pom.xml"),
      "dependency:copy-dependencies",
      "-DincludeScope=runtime",
      `-DoutputDirectory=${join(fresh, "lib")}`,
    ]);
    const progress = setInterval(() => {
      process.stderr.write(`DynamoDB Local: ${maven.lastLine()}\n`);
    }, 5_000);
    const tooLong = setTimeout(() => maven.process.kill("SIGKILL"), fetchWithinMs);
    const code = await maven.ended;
    clearInterval(progress);
    clearTimeout(tooLong);
    if (code !== 0)
      throw new Error(`DynamoDB Local could not be fetched (mvn exit ${code}):\n${maven.output()}`);
    // One rename: an interrupted fetch never looks complete, and two at once do no harm.
    if (!existsSync(folder)) renameSync(join(fresh, "lib"), folder);
    process.stderr.write("DynamoDB Local: fetched\n");
    return folder;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

const pom = `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>dynamodb-local-fetch</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>com.amazonaws</groupId><artifactId>DynamoDBLocal</artifactId><version>${version}</version>
  </dependency></dependencies>
</project>
`;

interface Running {
  process: ChildProcess;
  /** Exit code; null after a signal. Rejects when the program is not installed. */
  ended: Promise<number | null>;
  output(): string;
  lastLine(): string;
}

function run(program: string, parameters: string[]): Running {
  const child = spawn(program, parameters, { cwd: tmpdir(), stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const collect = (bytes: Buffer) => {
    output = (output + bytes.toString()).slice(-4_000);
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", (error) =>
      reject(new Error(`${program} cannot be run (${error.message}): install Java 17 and Maven`)),
    );
    child.once("exit", resolve);
  });
  // Whoever waits for the end sees the rejection; it must not count as unhandled before somebody does.
  ended.catch(() => {});
  return {
    process: child,
    ended,
    output: () => output,
    lastLine: () => output.trim().split("\n").at(-1) ?? "",
  };
}

async function waitUntilItAnswers(endpoint: string, server: Running): Promise<void> {
  let end: string | undefined;
  server.ended.then(
    (code) => {
      end = `exit ${code}`;
    },
    (error: Error) => {
      end = error.message;
    },
  );
  const deadline = performance.now() + readyWithinMs;
  for (;;) {
    if (end !== undefined) throw new Error(`DynamoDB Local did not start (${end}):\n${server.output()}`);
    const answered = await fetch(endpoint).then(
      () => true,
      () => false,
    );
    if (answered) return;
    if (performance.now() > deadline)
      throw new Error(
        `DynamoDB Local does not answer at ${endpoint} after ${readyWithinMs} ms:\n${server.output()}`,
      );
    await pause(100);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
