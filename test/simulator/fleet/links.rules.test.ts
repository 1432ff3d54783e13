// What faults make of a line, and where lines lead.
import { describe, expect, test } from "vitest";
import {
  faultText,
  type LinkFault,
  lineOf,
  lineStateOf,
  upstreamsOf,
} from "../../../simulator/fleet/links.rules.ts";

const cut: LinkFault = { how: "cut", delayMs: 0, lossPercent: 0 };
const halfOpen: LinkFault = { ...cut, how: "half-open" };
const late = (delayMs: number): LinkFault => ({ ...cut, how: "delay", delayMs });
const lossy = (lossPercent: number): LinkFault => ({ ...cut, how: "loss", lossPercent });

describe("a line between two services", () => {
  test("is sound when neither end is at fault", () => {
    expect(lineStateOf([undefined, undefined])).toEqual({
      lost: "nothing",
      weather: { delayMs: 0, lossPercent: 0 },
    });
  });
  test.each([
    [[cut, undefined], "both"],
    [[undefined, cut], "both"],
    [[halfOpen, cut], "both"],
    [[cut, halfOpen], "both"],
    [[halfOpen, late(5)], "answers"],
    [[late(5), lossy(5)], "nothing"],
  ] as const)("is as bad as its worse end: %j", (faults, lost) => {
    expect(lineStateOf(faults).lost).toBe(lost);
  });
  test("delays add up, and what one end lets through the other may lose", () => {
    const both: LinkFault = { how: "loss", delayMs: 100, lossPercent: 50 };
    expect(lineStateOf([both, both]).weather).toEqual({ delayMs: 200, lossPercent: 75 });
  });
});

test.each([
  [cut, "cut"],
  [halfOpen, "half-open"],
  [late(200), "200 ms late"],
  [lossy(10), "10 % lost"],
  [{ how: "loss", delayMs: 30, lossPercent: 5 }, "30 ms late, 5 % lost"],
  [late(0), "connected"],
] as const)("%j reads as %s", (fault, text) => {
  expect(faultText(fault)).toBe(text);
});

describe("where a line leads", () => {
  const over = (
    role: "engine" | "bridge" | "driver",
    nth: number,
    address: string,
    kafkaElsewhere = false,
  ) => {
    const upstream = upstreamsOf(role)[nth];
    if (!upstream) throw new Error("no such line");
    return lineOf(upstream, address, kafkaElsewhere);
  };
  test("MQTT keeps what else stands in its URL", () => {
    const line = over("engine", 0, "mqtt://user:secret@broker.example");
    expect(line).toMatchObject({ is: "open", host: "broker.example", port: 1883 });
    expect(line.is === "open" && line.through("127.0.0.1:4000")).toEqual({
      MQTT_URL: "mqtt://user:secret@127.0.0.1:4000",
    });
  });
  test("Central keeps its path", () => {
    const line = over("driver", 0, "http://10.0.0.1:8000/ev");
    expect(line).toMatchObject({ is: "open", host: "10.0.0.1", port: 8000 });
    expect(line.is === "open" && line.through("127.0.0.1:4000")).toEqual({
      CENTRAL_URL: "http://127.0.0.1:4000/ev",
    });
  });
  test("Kafka of this fleet is dialled at the line, whatever address it names", () => {
    const line = over("bridge", 1, "127.0.0.1:9092");
    expect(line).toMatchObject({ is: "open", host: "127.0.0.1", port: 9092 });
    expect(line.is === "open" && line.through("127.0.0.1:4000")).toEqual({ KAFKA_DIAL: "127.0.0.1:4000" });
  });
  test.each([
    [over("bridge", 1, "k1:9092,k2:9092", true), /k1:9092,k2:9092 is elsewhere/],
    [over("engine", 0, "mqtts://broker.example:8883"), /encrypted/],
    [over("driver", 0, "https://central.example"), /encrypted/],
  ])("no proxy stands in for it: %j", (line, why) => {
    expect(line).toMatchObject({ is: "none", why: expect.stringMatching(why) });
  });
});
