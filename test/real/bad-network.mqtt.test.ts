// The bad network before Mosquitto with certificates, and before the embedded broker.
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { type Mosquitto, startMosquitto } from "../../simulator/servers/mosquitto.ts";
import { freePorts } from "../../simulator/servers/ports.ts";
import { badMqttNetwork } from "../contracts/bad-network.mqtt.ts";
import { endProcess, startProcess } from "../wire/kafka/stand-in.ts";

describe("Mosquitto", () => {
  const dir = mkdtempSync(join(tmpdir(), "ev-bad-network-"));
  let mosquitto: Mosquitto;
  beforeAll(async () => {
    mosquitto = await startMosquitto({ dir, say: (line) => process.stderr.write(`${line}\n`) });
  }, 300_000);
  afterAll(async () => {
    await mosquitto?.stop();
    rmSync(dir, { recursive: true });
  });
  badMqttNetwork("Mosquitto", { reach: (clientId) => mosquitto.reach(clientId) });
});

describe("the embedded broker", () => {
  let port = 0;
  let broker: ChildProcess;
  beforeAll(async () => {
    port = (await freePorts(1))[0] ?? 0;
    // A process of its own: what it holds open is not counted with what the clients do.
    broker = await startProcess("simulator/brokers/mqtt/mqtt-main.ts", {
      MQTT_PORT: String(port),
      MQTT_OPEN: "1",
    });
  });
  afterAll(() => endProcess(broker));
  badMqttNetwork("the embedded broker", {
    reach: () => Promise.resolve({ url: `mqtt://127.0.0.1:${port}` }),
  });
});
