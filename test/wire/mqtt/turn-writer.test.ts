import fc from "fast-check";
import { generate } from "mqtt-packet";
import { expect, test } from "vitest";
import { openTurnWriter } from "../../../wire/mqtt/turn-writer.ts";

function aStream(writable = true) {
  const writes: Buffer[] = [];
  return { writes, writable, write: (bytes: Buffer) => writes.push(bytes) > 0 };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

test("what one turn has to say leaves in one write, in its order, byte by byte what mqtt.js makes of it", async () => {
  const packet = fc.oneof(
    fc.record({ messageId: fc.integer({ min: 1, max: 65_535 }) }),
    fc.record({
      topic: fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" }),
      payload: fc.oneof(
        fc.string({ maxLength: 300, unit: "grapheme" }),
        fc.uint8Array({ maxLength: 20_000 }),
      ),
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(packet, { minLength: 1, maxLength: 20 }), async (packets) => {
      const stream = aStream();
      const writer = openTurnWriter(stream);
      const wanted = packets.map((one) => {
        if ("messageId" in one) {
          writer.puback(one.messageId);
          return generate({ cmd: "puback", messageId: one.messageId });
        }
        void writer.publish(one.topic, one.payload);
        const payload = typeof one.payload === "string" ? one.payload : Buffer.from(one.payload);
        return generate({ cmd: "publish", qos: 0, retain: false, dup: false, topic: one.topic, payload });
      });
      expect([stream.writes.length, writer.waitingBytes]).toEqual([0, Buffer.concat(wanted).length]);
      await turn();
      expect(stream.writes).toEqual([Buffer.concat(wanted)]);
      expect(writer.waitingBytes).toBe(0);
    }),
    { numRuns: 60 },
  );
});

test("a flush writes at once, and the end of the turn adds nothing", async () => {
  const stream = aStream();
  const writer = openTurnWriter(stream);
  writer.puback(258);
  writer.flush();
  expect(stream.writes).toEqual([Buffer.from([0x40, 2, 1, 2])]);
  await turn();
  expect(stream.writes).toHaveLength(1);
  writer.puback(1);
  await turn();
  expect(stream.writes).toHaveLength(2);
});

test("a publish says whether the stream was still there at the end of its turn", async () => {
  const stream = aStream();
  const writer = openTurnWriter(stream);
  expect(await Promise.all([writer.publish("a", "1"), writer.publish("b", "2")])).toEqual([true, true]);
  const late = writer.publish("a", "3");
  stream.writable = false;
  expect(await late).toBe(false);
  expect(stream.writes).toHaveLength(1);
});
