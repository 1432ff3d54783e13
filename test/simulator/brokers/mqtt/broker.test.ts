import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { maxPacketBytes, openBroker } from "../../../../simulator/brokers/mqtt/broker.ts";
import { mqttTopics } from "../../../../wire/messages/index.ts";
import { openLink, type Subscription } from "../../../../wire/mqtt/link.ts";
import { openLog, silentLog } from "../../../../wire/process/log.ts";
import { until } from "../../../wire/mqtt/support.ts";

const afterwards: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of afterwards.splice(0).reverse()) await step();
});

async function start(options: { queueExpiryMs?: number } = {}) {
  const lines: string[] = [];
  const log = openLog("MQTT", (line) => lines.push(line));
  const broker = await openBroker({ host: "127.0.0.1", port: 0, open: true, ...options }, log);
  afterwards.push(() => broker.close());
  return { port: broker.port, lines };
}

function client(port: number, clientId: string, subscriptions: Subscription[] = [], cleanSession = true) {
  const seen = { downs: 0, topics: [] as string[], bytes: [] as number[] };
  const link = openLink(
    { url: `mqtt://127.0.0.1:${port}`, clientId, cleanSession, keepaliveS: 10 },
    subscriptions,
    {
      up: () => {},
      down: () => {
        seen.downs += 1;
      },
      message: (topic, payload) => {
        seen.topics.push(topic);
        seen.bytes.push(payload.byteLength);
      },
    },
    silentLog,
  );
  afterwards.push(() => link.close());
  return { link, ...seen, seen };
}
const up = ({ link }: ReturnType<typeof client>) => until("up", () => link.connected);
const events = mqttTopics.engineEvents("CP-001");

test("the largest envelope passes; an oversized packet cuts its sender and nobody else", async () => {
  const { port, lines } = await start();
  const bridge = client(port, "bridge-all", [{ topic: mqttTopics.allEngineEvents, qos: 1 }]);
  const device = client(port, "CP-001-engine");
  const other = client(port, "CP-002-engine");
  await Promise.all([up(bridge), up(device), up(other)]);
  expect(await device.link.publish(events, Buffer.alloc(16_384), 1)).toBe(true);
  for (const size of [maxPacketBytes, 1_000_000]) {
    await up(device);
    expect(await device.link.publish(events, Buffer.alloc(size), 1)).toBe(false);
  }
  expect(await other.link.publish(mqttTopics.engineEvents("CP-002"), "fine", 1)).toBe(true);
  await until("the good ones", () => bridge.bytes.length === 2);
  expect(bridge.bytes).toEqual([16_384, 4]);
  expect([bridge.seen.downs, device.seen.downs, other.seen.downs]).toEqual([0, 2, 0]);
  expect(lines.filter((line) => /CP-001-engine: packet of \d+ bytes/.test(line))).toHaveLength(2);
});

test("a device that publishes as another is cut, and its message reaches nobody", async () => {
  const { port, lines } = await start();
  const bridge = client(port, "bridge-all", [{ topic: mqttTopics.allEngineEvents, qos: 1 }]);
  const thief = client(port, "CP-002-engine");
  await Promise.all([up(bridge), up(thief)]);
  expect(await thief.link.publish(events, "stolen", 1)).toBe(false);
  expect(thief.seen.downs).toBe(1);
  const honest = client(port, "CP-009-engine");
  await up(honest);
  await honest.link.publish(mqttTopics.engineEvents("CP-009"), "marker", 1);
  await until("the marker", () => bridge.topics.length > 0);
  expect(bridge.topics).toEqual([mqttTopics.engineEvents("CP-009")]);
  expect(lines.some((line) => line.includes(`CP-002-engine: may not publish to ${events}`))).toBe(true);
});

test("a frozen subscriber is dropped after 2 s and does not stop the others", async () => {
  const { port, lines } = await start();
  const bridge = client(port, "bridge-all", [{ topic: mqttTopics.allEngineEvents, qos: 0 }]);
  const device = client(port, "CP-001-engine");
  await Promise.all([up(bridge), up(device)]);
  const child = spawn(process.execPath, ["-e", frozenSubscriber(port)], { stdio: "ignore" });
  afterwards.push(() => child.kill("SIGKILL"));
  let sent = 0;
  const load = Buffer.alloc(16_000);
  await until(
    "the frozen one dropped",
    () => {
      if (sent - bridge.bytes.length < 20) {
        sent += 1;
        void device.link.publish(events, load, 1);
      }
      return lines.some((line) => line.includes("bridge-raw: drain timeout"));
    },
    10_000,
  );
  await until("all delivered", () => bridge.bytes.length === sent);
  expect(bridge.seen.downs).toBe(0);
});

/** Subscribes with raw bytes and never reads: CONNECT as bridge-raw, SUBSCRIBE to all engines' events. */
function frozenSubscriber(port: number): string {
  const connect = Buffer.concat([
    Buffer.from([0x10, 22]),
    Buffer.from("\0\x04MQTT\x04\x02\0\0\0\x0abridge-raw", "latin1"),
  ]);
  const subscribe = Buffer.from(`\x82\x1c\0\x01\0\x17${mqttTopics.allEngineEvents}\0`, "latin1");
  const hex = Buffer.concat([connect, subscribe]).toString("hex");
  return `const s = require("net").connect(${port}, "127.0.0.1"); s.pause(); s.write(Buffer.from("${hex}", "hex")); setInterval(() => {}, 1000);`;
}

test("a kept session gets what was queued for it, unless it stayed away for long", async () => {
  const { port, lines } = await start({ queueExpiryMs: 600 });
  const device = client(port, "CP-001-engine");
  await up(device);
  const subscriptions: Subscription[] = [{ topic: mqttTopics.allEngineEvents, qos: 1 }];
  const leave = async () => {
    const bridge = client(port, "bridge-all", subscriptions, false);
    await up(bridge);
    await bridge.link.close();
  };
  await leave();
  for (let n = 0; n < 50; n++) await device.link.publish(events, "x", 1);
  const soon = client(port, "bridge-all", subscriptions, false);
  await until("the queued messages", () => soon.bytes.length === 50);
  await soon.link.close();
  for (let n = 0; n < 50; n++) await device.link.publish(events, "x", 1);
  await until("expiry", () => lines.some((line) => line.includes("dropped 50 messages")));
  const late = client(port, "bridge-all", subscriptions, false);
  await up(late);
  await device.link.publish(events, "new", 1);
  await until("a message", () => late.bytes.length > 0);
  expect(late.bytes).toEqual([3]);
});

test("a taken port ends the process with one line that names it and what to do", async () => {
  const holder = createServer().listen(0, "127.0.0.1");
  afterwards.push(() => holder.close());
  await until("listening", () => holder.listening);
  const address = holder.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "simulator/brokers/mqtt/mqtt-main.ts"],
    { env: { ...process.env, MQTT_PORT: String(port), MQTT_OPEN: "1" }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  const code = await new Promise((resolve) => child.once("close", resolve));
  expect(code).toBe(1);
  expect(output.match(/ ERROR /g)).toHaveLength(1);
  expect(output).toMatch(new RegExp(`port ${port} on 127.0.0.1 is taken: .*MQTT_PORT`));
});

test("without a file of clients the broker does not start, unless it is told to be open", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ev-broker-"));
  afterwards.push(() => rmSync(folder, { recursive: true }));
  const wrong = join(folder, "clients");
  writeFileSync(wrong, "CP-001-engine:secret\n");
  const ends = async (env: Record<string, string>) => {
    const child = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", "simulator/brokers/mqtt/mqtt-main.ts"],
      { env: { ...process.env, MQTT_PORT: "0", ...env }, stdio: ["ignore", "pipe", "inherit"] },
    );
    afterwards.push(() => child.kill("SIGKILL"));
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    return { code, said };
  };
  const none = await ends({});
  expect(none.said).toMatch(/MQTT_CLIENTS_PATH names no file of clients/);
  expect(none.code).toBe(78);
  const broken = await ends({ MQTT_CLIENTS_PATH: wrong });
  expect(broken.said).toMatch(/line 1 is none of a client/);
  expect(broken.said).not.toContain("secret");
  expect(broken.code).toBe(1);
});
