// Whether a fleet that runs is the one that a command asks for.
import { expect, test } from "vitest";
import { readArguments } from "../../../simulator/cli/arguments.ts";
import { otherServers, otherServersText } from "../../../simulator/cli/other-servers.rules.ts";

const running = {
  portOffset: 0,
  kafkaBootstrap: "127.0.0.1:9092",
  mqttUrl: "mqtt://127.0.0.1:1883",
  centralUrl: "http://127.0.0.1:8000",
  tableUrl: "sqlite:/var/lib/ev/central.db",
  real: false,
  functions: false,
  centralIs: "here" as const,
};

test.each([
  [["up"], {}, []],
  [["up", "--servers", "stand-ins"], {}, []],
  [["up"], { KAFKA_BOOTSTRAP: "127.0.0.1:9092", CENTRAL_HOST: "127.0.0.1" }, []],
  [["up"], { KAFKA_BOOTSTRAP: "kafka:9092" }, ["KAFKA_BOOTSTRAP"]],
  [["up"], { MQTT_URL: "mqtt://broker:1883", TABLE_URL: "sqlite:/x" }, ["MQTT_URL", "TABLE_URL"]],
  [["up", "--servers", "real", "--central=functions"], {}, ["--servers real", "--central functions"]],
  [["up"], { EV_SERVERS: "real", CENTRAL_HOST: "10.0.0.1" }, ["CENTRAL_URL", "--servers"]],
])("%j with %j beside a fleet of stand-ins differs in %j", (argv, env, differs) => {
  expect(otherServers(readArguments(argv, env), running)).toEqual(differs);
});

test("beside real servers the usual ones are meant only by who types them", () => {
  const real = { ...running, real: true, functions: true };
  expect(otherServers(readArguments(["up"], {}), real)).toEqual([]);
  expect(otherServers(readArguments(["up", "--servers", "stand-ins", "--central", "one"], {}), real)).toEqual(
    ["--servers stand-ins", "--central one"],
  );
});

test("the refusal names what differs and what to do", () => {
  expect(otherServersText("/ev", ["MQTT_URL"])).toBe(
    "the fleet of /ev runs already, and not as MQTT_URL says: stop it first with `ev down`, or use a second one with --state DIR --port-offset N",
  );
});
