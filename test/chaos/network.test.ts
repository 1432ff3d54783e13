// Kafka clients connect to the address that the broker names: on its way to them it becomes the line's.
import { expect, test } from "vitest";
import { readdressed } from "./network.ts";

function named(host: string, port: number): Buffer {
  const bytes = Buffer.alloc(2 + host.length + 4);
  bytes.writeInt16BE(host.length, 0);
  bytes.write(host, 2, "latin1");
  bytes.writeInt32BE(port, 2 + host.length);
  return bytes;
}

test("the broker's own address is replaced wherever it stands, at the same length", () => {
  const other = Buffer.from("between");
  const answer = Buffer.concat([named("127.0.0.1", 9092), other, named("127.0.0.1", 9092)]);
  expect(readdressed(answer, 9092, 40_001)).toEqual(
    Buffer.concat([named("127.0.0.1", 40_001), other, named("127.0.0.1", 40_001)]),
  );
});

test("another port, and the address in a text, stay as they are", () => {
  const answer = Buffer.concat([named("127.0.0.1", 9093), Buffer.from("127.0.0.1:9092")]);
  expect(readdressed(Buffer.from(answer), 9092, 40_001)).toEqual(answer);
});
