// Who may do what at an MQTT broker, from a client's name alone.
import { expect, test } from "vitest";
import { isAllowed, mqttTopics, type Right, rightsOf } from "../../../wire/messages/index.ts";

test("an engine writes its own events and reads its own commands and acknowledgements, nothing else", () => {
  expect(rightsOf("CP-001-engine")).toEqual([
    { may: "write", topic: mqttTopics.engineEvents("CP-001") },
    { may: "read", topic: mqttTopics.commands("CP-001") },
    { may: "read", topic: mqttTopics.acks("CP-001") },
  ]);
});

test("a monitor may not write as its engine, nor read commands", () => {
  expect(rightsOf("CP-001-monitor")).toEqual([
    { may: "write", topic: mqttTopics.monitorEvents("CP-001") },
    { may: "read", topic: mqttTopics.acks("CP-001") },
  ]);
});

test("a charge point whose id looks like another role is held to that very id", () => {
  expect(rightsOf("bridge-1-engine")[0]?.topic).toBe(mqttTopics.engineEvents("bridge-1"));
  expect(rightsOf("CP-001-engine-monitor")[0]?.topic).toBe(mqttTopics.monitorEvents("CP-001-engine"));
});

test.each([
  "",
  "someone",
  "CP-#-engine",
  "+-engine",
  "-engine",
  "a/b-monitor",
  "CP 1-engine",
  "bridge-",
  "bridge-#",
  `${"x".repeat(33)}-engine`,
])("a name of no known kind gets nothing: %j", (name) => {
  expect(rightsOf(name)).toEqual([]);
});

const own = "CP-001";
const foreign = "CP-002";
type Case = [name: string, may: Right["may"], topic: string, allowed: boolean];

test.each<Case>([
  ["CP-001-engine", "write", mqttTopics.engineEvents(own), true],
  ["CP-001-engine", "read", mqttTopics.commands(own), true],
  ["CP-001-engine", "read", mqttTopics.acks(own), true],
  ["CP-001-engine", "write", mqttTopics.monitorEvents(own), false],
  ["CP-001-engine", "write", mqttTopics.commands(own), false],
  ["CP-001-engine", "write", mqttTopics.engineEvents(foreign), false],
  ["CP-001-engine", "read", mqttTopics.commands(foreign), false],
  ["CP-001-engine", "read", mqttTopics.allEngineEvents, false],
  ["CP-001-engine", "read", mqttTopics.commands(own).replace(own, "+"), false],
  ["CP-001-engine", "read", "#", false],
  ["CP-001-monitor", "write", mqttTopics.monitorEvents(own), true],
  ["CP-001-monitor", "read", mqttTopics.acks(own), true],
  ["CP-001-monitor", "write", mqttTopics.engineEvents(own), false],
  ["CP-001-monitor", "read", mqttTopics.commands(own), false],
  ["CP-001-monitor", "write", mqttTopics.monitorEvents(foreign), false],
  ["CP-#-engine", "write", mqttTopics.engineEvents("CP-#"), false],
  ["bridge-bridge-all", "write", mqttTopics.commands(own), true],
  ["bridge-bridge-all", "write", mqttTopics.canary(3), true],
  ["bridge-bridge-all", "write", mqttTopics.engineEvents(own), false],
  ["bridge-bridge-all", "write", "ev/v1/+/+/commands", false],
  ["bridge-bridge-all", "write", "$SYS/x", false],
  ["bridge-bridge-all", "read", mqttTopics.allMonitorEvents, true],
  ["bridge-bridge-all", "read", mqttTopics.shardEngineEvents(7), true],
  ["bridge-bridge-all", "read", mqttTopics.engineEvents(own), true],
  ["bridge-bridge-all", "read", "ev/v1/+/+/#", false],
  ["bridge-bridge-all", "read", "ev/#", false],
  ["bridge-bridge-all", "read", "ev/v1/canary/#", false],
  ["bridge-bridge-all", "read", "ev/v1/canary", false],
  ["bridge-bridge-all", "write", "ev/v1/canary/0/more", false],
  ["bridge-bridge-all", "read", mqttTopics.commands(own), false],
  ["bridge-1-engine", "read", mqttTopics.allMonitorEvents, false],
  ["mosquitto", "read", "#", false],
])("%s may %s %s: %s", (name, may, topic, allowed) => {
  expect(isAllowed(rightsOf(name), may, topic)).toBe(allowed);
});
