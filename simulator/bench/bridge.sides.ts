// The processes that a run of the bridge's bench is made of: the load, the limits, the pipe and the bridge itself.
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { kafkaTopics, localPartitions, mqttTopics } from "../../wire/messages/index.ts";
import { readyMark } from "../fleet/service-process.ts";
import type { BenchServers } from "./bridge.servers.ts";
import type {
  LoadDone,
  LoadPlan,
  LoadTold,
  ProducePlan,
  SideDone,
  SideTold,
  SubscribePlan,
} from "./load/load.messages.ts";
import { childrenOf } from "./process-figures.ts";

const here = import.meta.dirname;
const readyWithinMs = 20_000;

export interface Side<Done> {
  pid: number;
  go(): void;
  done: Promise<Done>;
}

/** Starts a process of the bench; resolves when it is ready. */
function startSide<Done>(entry: string, plan: object): Promise<Side<Done>> {
  const child = fork(join(here, "load", entry), [JSON.stringify(plan)], {
    // Plain kafkajs on Node 24 warns of a timer of its own.
    execArgv: ["--disable-warning=ExperimentalWarning", "--disable-warning=TimeoutNegativeWarning"],
  });
  const done = Promise.withResolvers<Done>();
  // Who waits for `ready` hears it first.
  done.promise.catch(() => {});
  return new Promise((resolve, reject) => {
    const side = { pid: child.pid ?? 0, go: () => void child.send("go"), done: done.promise };
    child.on("message", (told: LoadTold | SideTold) => {
      if (told.is === "ready") resolve(side);
      else done.resolve(told as Done);
    });
    child.once("exit", (code) => {
      const error = new Error(`${entry} ended with ${code}`);
      reject(error);
      done.reject(error);
    });
  });
}

export const startLoad = (plan: LoadPlan) => startSide<LoadDone>("load-main.ts", plan);
export const startKafkaJs = (plan: ProducePlan) => startSide<SideDone>("kafkajs-main.ts", plan);
export const startMqttJs = (plan: SubscribePlan) => startSide<SideDone>("mqttjs-main.ts", plan);

export interface Bridge {
  pid: number;
  /** SIGTERM, or what is named; resolves when it is gone. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

export interface BridgeOptions {
  /** The bundled entry. */
  file: string;
  flags: readonly string[];
  /** Another address for Kafka, as through a tunnel. */
  dial?: string;
}

/** The real bridge, bundled, in a process of its own; resolves when it has subscribed. */
export async function startBridge(
  servers: BenchServers,
  { file, flags, dial }: BridgeOptions,
): Promise<Bridge> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...flags, file], {
    env: {
      ...process.env,
      NODE_OPTIONS: undefined,
      MQTT_URL: `mqtt://127.0.0.1:${servers.mqttPort}`,
      KAFKA_BOOTSTRAP: servers.bootstrap,
      PARTITIONS: String(localPartitions),
      CANARY_INTERVAL_MS: "1000",
      EXIT_WITH_STDIN: "1",
      ...(dial !== undefined && { KAFKA_DIAL: dial }),
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const gone = once(child, "exit");
  await said(child, readyMark);
  return {
    pid: child.pid ?? 0,
    async end(signal = "SIGTERM") {
      child.kill(signal);
      await gone;
    },
  };
}

/** Resolves when the process prints a line with `mark`; what it prints besides warnings is not shown. */
function said(child: ChildProcess, mark: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (bytes: Buffer) => {
      const lines = (text + bytes).split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        if (line.includes(mark)) resolve();
        if (/ (WARN|ERROR) /.test(line)) process.stderr.write(`  ${line}\n`);
      }
    });
    child.once("exit", (code, signal) => reject(new Error(`the bridge ended with ${code ?? signal}`)));
    setTimeout(() => reject(new Error("the bridge is not ready")), readyWithinMs).unref();
  });
}

export interface Pipe {
  pids: number[];
  end(signal?: NodeJS.Signals): Promise<void>;
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** `mosquitto_sub | kcat -P`, the line that everybody tries first. `lineBuffered`: each event leaves at once. */
export async function startPipe(servers: BenchServers, lineBuffered: boolean): Promise<Pipe> {
  const { mosquittoSub, kcat } = servers;
  const libraries = { ...mosquittoSub.env, ...kcat.env };
  const line = [
    ...(lineBuffered ? ["stdbuf -oL"] : []),
    `${quoted(mosquittoSub.program)} -h 127.0.0.1 -p ${servers.mqttPort} -i pipe -q 1 -t ${quoted(mqttTopics.allEngineEvents)} |`,
    `${quoted(kcat.program)} -P -b ${servers.bootstrap} -t ${kafkaTopics.events.name} -X acks=all`,
  ].join(" ");
  const shell = spawn("sh", ["-c", line], {
    detached: true,
    env: { ...process.env, ...libraries },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const complain = (bytes: Buffer) => process.stderr.write(bytes);
  shell.stderr.on("data", complain);
  const pid = shell.pid ?? 0;
  const gone = once(shell, "exit");
  const pids = await bothOf(pid);
  return {
    pids,
    async end(signal = "SIGTERM") {
      // That what it holds is lost is no news then: it is counted.
      shell.stderr.off("data", complain).resume();
      process.kill(-pid, signal);
      await gone;
    },
  };
}

async function bothOf(shell: number): Promise<number[]> {
  for (let tries = 0; tries < 200; tries++) {
    const pids = childrenOf(shell);
    if (pids.length === 2) {
      // Nothing says when its subscription stands.
      await new Promise((resolve) => setTimeout(resolve, 400));
      return pids;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("the pipe did not start");
}
