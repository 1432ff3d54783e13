import fc from "fast-check";
import { expect, test } from "vitest";
import { packetGauge } from "../../../../simulator/brokers/mqtt/packet-gauge.ts";

function packet(bodyBytes: number): Uint8Array {
  const header = [0x30];
  let length = bodyBytes;
  do {
    header.push((length % 128) | (length >= 128 ? 0x80 : 0));
    length = Math.floor(length / 128);
  } while (length > 0);
  return Uint8Array.from([...header, ...new Uint8Array(bodyBytes).fill(0xff)]);
}

test("packets up to the limit pass however their bytes are cut, the first one above is seen", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 50 }),
      (sizes, step) => {
        const limit = 200;
        const packets = sizes.map(packet);
        const stream = Buffer.concat(packets);
        const gauge = packetGauge(limit);
        let seen: number | undefined;
        for (let at = 0; at < stream.length && seen === undefined; at += step)
          seen = gauge(stream.subarray(at, at + step));
        expect(seen).toBe(packets.find((bytes) => bytes.length > limit)?.length);
      },
    ),
  );
});

test("an oversized packet is seen at its header, before its body came", () => {
  const gauge = packetGauge(1_000);
  const bytes = packet(2_000_000);
  expect(gauge(bytes.subarray(0, 3))).toBeUndefined();
  expect(gauge(bytes.subarray(3, 5))).toBe(2_000_004);
});
