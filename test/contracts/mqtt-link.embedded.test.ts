// The MQTT contract on the embedded broker, running as the process that the local default starts.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { freePorts } from "../../simulator/servers/ports.ts";
import { mqttLinkContract } from "./mqtt-link.contract.ts";

const entry = join(import.meta.dirname, "../../simulator/brokers/mqtt/mqtt-main.ts");
let port = 0;
let broker: ChildProcess;

async function start(): Promise<void> {
  broker = spawn(process.execPath, [entry], {
    env: { ...process.env, NODE_NO_WARNINGS: "1", MQTT_PORT: String(port), EXIT_WITH_STDIN: "1" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  await new Promise<void>((resolve, reject) => {
    broker.stdout?.on("data", (bytes: Buffer) => {
      if (bytes.toString().includes("started successfully")) resolve();
    });
    broker.once("exit", (code) => reject(new Error(`the broker ended with ${code}`)));
  });
}

async function kill9(): Promise<void> {
  const gone = new Promise((resolve) => broker.once("exit", resolve));
  broker.kill("SIGKILL");
  await gone;
}

beforeAll(async () => {
  port = (await freePorts(1))[0] ?? 0;
  await start();
});
afterAll(kill9);

mqttLinkContract("the embedded broker", {
  // Without passwords: the client id alone says who it is.
  reach: () => Promise.resolve({ url: `mqtt://127.0.0.1:${port}` }),
  refusedPublication: "its sender is cut",
  refusedSubscription: "refused",
  foreignWill: "keeps its client out",
  kill9,
  restart: start,
});
