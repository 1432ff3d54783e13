// What the first charge point or driver of a host is still missing.
import { expect, test } from "vitest";
import { untoldServer } from "../../../simulator/cli/begin-fleet.rules.ts";
import { newCpFile, newDriverFile } from "../../../simulator/fleet/additions.ts";

const point = { cps: [newCpFile("CP-001")], drivers: [] };
const driver = { cps: [], drivers: [newDriverFile("driver-alice", 8100, { cps: [], drivers: [] })] };

test.each([
  [
    point,
    { kafkaBootstrap: "10.0.0.1:9092,10.0.0.2:9092" },
    /set MQTT_URL=mqtt:\/\/10\.0\.0\.1:1883 as well/,
  ],
  [point, { centralUrl: "http://central:8000" }, /set MQTT_URL=mqtt:\/\/central:1883 as well/],
  [driver, { kafkaBootstrap: "10.0.0.1:9092" }, /set CENTRAL_HOST=10\.0\.0\.1 as well/],
  [driver, { mqttUrl: "mqtts://me:secret@broker:8883" }, /set CENTRAL_HOST=broker as well/],
])(
  "%# a host that lacks an address is told which, with the host it named already",
  (members, servers, text) => {
    expect(untoldServer(members, servers)).toMatch(text);
  },
);

test("a point needs MQTT, a driver Central, and nothing else", () => {
  expect(untoldServer(point, { mqttUrl: "mqtt://broker:1883" })).toBeUndefined();
  expect(untoldServer(driver, { centralUrl: "http://central:8000" })).toBeUndefined();
});
