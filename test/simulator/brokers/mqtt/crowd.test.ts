// Thousands of clients that come and go at once, while a subscriber does not read: the broker outlives them.
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { openBroker } from "../../../../simulator/brokers/mqtt/broker.ts";
import { mqttTopics } from "../../../../wire/messages/index.ts";
import { silentLog } from "../../../../wire/process/log.ts";
import { until } from "../../../wire/mqtt/support.ts";

const text = (value: string) => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
};
const packet = (head: number, ...parts: Buffer[]) => {
  const body = Buffer.concat(parts);
  const length = body.length < 128 ? [body.length] : [(body.length & 127) | 128, body.length >> 7];
  return Buffer.concat([Buffer.from([head, ...length]), body]);
};
const hello = (id: string) => packet(0x10, text("MQTT"), Buffer.from([4, 2, 0, 60]), text(id));

/** Connected to the broker, which then has a client of this name. */
async function come(port: number, id: string): Promise<Socket> {
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  socket.write(hello(id));
  await new Promise((resolve) => socket.once("data", resolve));
  return socket;
}

test("a crowd that leaves at once while a subscriber does not read costs the broker nothing", async () => {
  const broker = await openBroker({ host: "127.0.0.1", port: 0, open: true }, silentLog);
  const frozen = await come(broker.port, "bridge-all");
  frozen.write(packet(0x82, Buffer.from([0, 1]), text(mqttTopics.allEngineEvents), Buffer.from([0])));
  await new Promise((resolve) => frozen.once("data", resolve));
  frozen.pause();
  const talkers = await Promise.all(
    Array.from({ length: 300 }, (_, n) => come(broker.port, `CP-${n}-engine`)),
  );
  for (const [n, talker] of talkers.entries())
    for (let i = 0; i < 30; i++)
      talker.write(packet(0x30, text(mqttTopics.engineEvents(`CP-${n}`)), Buffer.alloc(12_000)));
  // Each that comes and goes is a message that nobody hears.
  for (let n = 0; n < 12; n++) {
    const names = Array.from({ length: 400 }, (_, i) => `CP-${n}-${i}-monitor`);
    const crowd = await Promise.all(names.map((name) => come(broker.port, name)));
    for (const socket of crowd) socket.destroy();
  }
  frozen.destroy();
  const late = await come(broker.port, "CP-1-late-engine");
  await until("the late one is in", () => !late.destroyed);
  expect(late.destroyed).toBe(false);
  for (const socket of [late, ...talkers]) socket.destroy();
  await broker.close();
}, 60_000);
