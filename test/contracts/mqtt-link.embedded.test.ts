// The MQTT contract on the embedded broker, running as the process that the local default starts.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { changeBrokerClients, knownBy, newPassword } from "../../simulator/fleet/broker-clients.ts";
import { placesOf } from "../../simulator/fleet/places.ts";
import { freePorts } from "../../simulator/servers/ports.ts";
import { wrongPassword } from "../wire/mqtt/support.ts";
import { mqttLinkContract } from "./mqtt-link.contract.ts";

const entry = join(import.meta.dirname, "../../simulator/brokers/mqtt/mqtt-main.ts");
const places = placesOf(mkdtempSync(join(tmpdir(), "ev-mqtt-contract-")));
const passwords = new Map<string, string>();
let port = 0;
let broker: ChildProcess;

async function start(): Promise<void> {
  broker = spawn(process.execPath, [entry], {
    env: {
      ...process.env,
      NODE_NO_WARNINGS: "1",
      MQTT_PORT: String(port),
      MQTT_CLIENTS_PATH: places.mqttClients,
      EXIT_WITH_STDIN: "1",
    },
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
  await changeBrokerClients(places, () => {});
  await start();
});
afterAll(async () => {
  await kill9();
  rmSync(places.state, { recursive: true });
});

/** A client that is known from now on, as `ev add-cp` makes one. */
async function passwordOf(clientId: string): Promise<string> {
  const password = passwords.get(clientId) ?? newPassword();
  if (!passwords.has(clientId))
    await changeBrokerClients(places, (clients) => clients.set(clientId, knownBy(password)));
  passwords.set(clientId, password);
  return password;
}

mqttLinkContract("the embedded broker", {
  reach: async (clientId) => ({ url: `mqtt://127.0.0.1:${port}`, password: await passwordOf(clientId) }),
  refusedPublication: "its sender is cut",
  refusedSubscription: "refused",
  foreignWill: "keeps its client out",
  revoke: (clientId) =>
    changeBrokerClients(places, (clients) => {
      clients.set(clientId, { is: "revoked", at: new Date().toISOString() });
    }),
  renew: async (clientId) => {
    passwords.delete(clientId);
    await passwordOf(clientId);
  },
  strange: [wrongPassword("CP-002-engine"), Buffer.from("GET / HTTP/1.1\r\n\r\n"), Buffer.alloc(0)],
  kill9,
  restart: start,
});
