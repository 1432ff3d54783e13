import { expect, test } from "vitest";
import { mayUse, refusal } from "../../../../simulator/brokers/mqtt/rules.ts";
import { mqttTopics } from "../../../../wire/messages/index.ts";

const own = "CP-001";
const foreign = "CP-002";
type Case = [clientId: string, action: "publish" | "subscribe", topic: string, allowed: boolean];

test.each<Case>([
  ["CP-001-engine", "publish", mqttTopics.engineEvents(own), true],
  ["CP-001-engine", "subscribe", mqttTopics.commands(own), true],
  ["CP-001-engine", "subscribe", mqttTopics.acks(own), true],
  ["CP-001-engine", "publish", mqttTopics.monitorEvents(own), false],
  ["CP-001-engine", "publish", mqttTopics.commands(own), false],
  ["CP-001-engine", "publish", mqttTopics.engineEvents(foreign), false],
  ["CP-001-engine", "subscribe", mqttTopics.commands(foreign), false],
  ["CP-001-engine", "subscribe", mqttTopics.allEngineEvents, false],
  ["CP-001-engine", "subscribe", "#", false],
  ["CP-001-monitor", "publish", mqttTopics.monitorEvents(own), true],
  ["CP-001-monitor", "subscribe", mqttTopics.acks(own), true],
  ["CP-001-monitor", "publish", mqttTopics.engineEvents(own), false],
  ["CP-001-monitor", "subscribe", mqttTopics.commands(own), false],
  ["CP-001-monitor", "publish", mqttTopics.monitorEvents(foreign), false],
  ["CP-#-engine", "publish", mqttTopics.engineEvents("CP-#"), false],
  ["bridge-bridge-all", "publish", mqttTopics.commands(own), true],
  ["bridge-bridge-all", "publish", mqttTopics.canary(3), true],
  ["bridge-bridge-all", "subscribe", mqttTopics.allMonitorEvents, true],
  ["bridge-bridge-all", "publish", "$SYS/x", false],
  ["bridge-1-engine", "subscribe", mqttTopics.allMonitorEvents, false],
  ["mosquitto", "subscribe", "#", false],
])("%s may %s %s: %s", (clientId, action, topic, allowed) => {
  expect(mayUse(clientId, action, topic, false)).toBe(allowed);
});

test("an open broker lets other clients in, and still holds devices to their topics", () => {
  expect(mayUse("mosquitto", "subscribe", "#", true)).toBe(true);
  expect(mayUse("mosquitto", "publish", "$SYS/x", true)).toBe(false);
  expect(mayUse("CP-001-engine", "publish", mqttTopics.engineEvents(foreign), true)).toBe(false);
});

test("who may not connect hears why", () => {
  expect(refusal("CP-001-monitor", mqttTopics.monitorEvents(own), false)).toBeUndefined();
  expect(refusal("CP-001-monitor", mqttTopics.monitorEvents(foreign), false)).toMatch(/last will/);
  expect(refusal("CP-001-engine", mqttTopics.monitorEvents(own), false)).toMatch(/last will/);
  expect(refusal("CP-#-engine", undefined, true)).toMatch(/charge point id/);
  expect(refusal("-engine", undefined, false)).toMatch(/charge point id/);
  expect(refusal("", undefined, false)).toMatch(/MQTT_OPEN/);
  expect(refusal("", undefined, true)).toBeUndefined();
});
