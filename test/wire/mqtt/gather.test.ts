import { expect, test } from "vitest";
import { gatherOn } from "../../../wire/mqtt/gather.ts";
import { until } from "./support.ts";

function aStream() {
  const acts: string[] = [];
  return { acts, pause: () => acts.push("pause"), resume: () => acts.push("resume") };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

test("reading rests once after a burst of many messages, and goes on", async () => {
  const stream = aStream();
  const message = gatherOn(stream as never, 5);
  for (let i = 0; i < 20; i++) message();
  expect(stream.acts).toEqual([]);
  await turn();
  expect(stream.acts).toEqual(["pause"]);
  await until("reading goes on", () => stream.acts.length === 2);
  expect(stream.acts).toEqual(["pause", "resume"]);
});

test("few messages are read as they come", async () => {
  const stream = aStream();
  const message = gatherOn(stream as never, 1);
  for (let burst = 0; burst < 20; burst++) {
    for (let i = 0; i < 3; i++) message();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  expect(stream.acts).toEqual([]);
});
