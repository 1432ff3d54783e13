// The stand-in as a real process for the tests around it: started, killed, started again on the same port and data.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../../support/free-port.ts";

export const kafkaEntry = join(import.meta.dirname, "../../../../simulator/brokers/kafka/kafka-main.ts");

export interface KafkaProcess {
  readonly bootstrap: string;
  readonly pid: number;
  /** Everything it has logged so far, all starts together. */
  readonly output: string;
  kill9(): Promise<void>;
  restart(): Promise<void>;
  /** Ends it politely and answers its exit code; its data stay. */
  end(): Promise<number | null>;
  /** Ends it and deletes its data. */
  remove(): Promise<void>;
}

/** Starts on a free port with a new folder; resolves when it says that it is ready. */
export async function startKafkaProcess(env: Record<string, string> = {}): Promise<KafkaProcess> {
  const folder = mkdtempSync(join(tmpdir(), "ev-kafka-"));
  let output = "";
  const port = String(await freePort());
  let child: ChildProcess;
  const start = async () => {
    const from = output.length;
    child = spawn(process.execPath, [kafkaEntry], {
      env: { ...process.env, KAFKA_PORT: port, KAFKA_DATA: folder, EXIT_WITH_STDIN: "1", ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const ready = new Promise<void>((resolve, reject) => {
      const hear = (chunk: Buffer) => {
        output += chunk.toString();
        if (/started successfully on [^\n]*\n/.test(output.slice(from))) resolve();
      };
      child.stdout?.on("data", hear);
      child.stderr?.on("data", hear);
      child.once("exit", (code) =>
        reject(new Error(`kafka ended with ${code} before it was ready:\n${output}`)),
      );
    });
    await ready;
  };
  const stop = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    return new Promise((resolve) => {
      child.once("exit", (code) => resolve(code));
      child.kill(signal);
    });
  };
  await start();
  return {
    get bootstrap() {
      return `127.0.0.1:${port}`;
    },
    get pid() {
      return child.pid ?? -1;
    },
    get output() {
      return output;
    },
    kill9: async () => void (await stop("SIGKILL")),
    restart: start,
    end: () => stop("SIGTERM"),
    async remove() {
      await stop("SIGTERM");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
