import { expect, test } from "vitest";
import { newcomerLimits, newcomers } from "../../../../simulator/brokers/mqtt/newcomers.rules.ts";
import { mayUse, refusal } from "../../../../simulator/brokers/mqtt/rules.ts";
import { mqttTopics } from "../../../../wire/messages/index.ts";

const own = "CP-001";
const foreign = "CP-002";

test("an open broker lets other clients in, and still holds devices and bridges to their topics", () => {
  expect(mayUse("mosquitto", "read", "#", true)).toBe(true);
  expect(mayUse("mosquitto", "write", "$SYS/x", true)).toBe(false);
  expect(mayUse("mosquitto", "read", "#", false)).toBe(false);
  expect(mayUse("CP-001-engine", "write", mqttTopics.engineEvents(foreign), true)).toBe(false);
  expect(mayUse("CP-#-engine", "read", "#", true)).toBe(false);
  expect(mayUse("bridge-bridge-all", "read", "#", true)).toBe(false);
});

test("who may not connect hears why", () => {
  expect(refusal("CP-001-monitor", mqttTopics.monitorEvents(own), false)).toBeUndefined();
  expect(refusal("CP-001-monitor", mqttTopics.monitorEvents(foreign), false)).toMatch(/last will/);
  expect(refusal("CP-001-engine", mqttTopics.monitorEvents(own), false)).toMatch(/last will/);
  expect(refusal("CP-#-engine", undefined, true)).toMatch(/charge point id/);
  expect(refusal("-engine", undefined, false)).toMatch(/charge point id/);
  expect(refusal("", undefined, false)).toMatch(/neither/);
  expect(refusal("", undefined, true)).toBeUndefined();
});

test("an address has so many newcomers, and another address its own", () => {
  const gate = newcomers({ ...newcomerLimits, pending: 2 });
  expect([gate.arrives("a"), gate.arrives("a"), gate.arrives("a")]).toEqual([true, true, false]);
  expect(gate.arrives("b")).toBe(true);
  gate.leaves("a");
  expect([gate.arrives("a"), gate.arrives("a")]).toEqual([true, false]);
});

test("an address that is refused again and again is answered late, for a while, and no other is", () => {
  const gate = newcomers();
  const waits = Array.from({ length: 22 }, (_, n) => gate.refused("a", n * 100));
  expect(waits.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 0));
  expect(waits.slice(20)).toEqual([1_000, 1_000]);
  expect(gate.refused("b", 2_300)).toBe(0);
  expect(gate.refused("a", 12_000)).toBe(0);
});
