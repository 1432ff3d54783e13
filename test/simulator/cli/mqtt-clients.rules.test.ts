import { expect, test } from "vitest";
import {
  clientsMeant,
  clientsWithProcess,
  serviceOfClient,
  wordsOf,
} from "../../../simulator/cli/mqtt-clients.rules.ts";

const known = [
  "bridge-bridge-all",
  "bridge-2",
  "CP-001-engine",
  "CP-001-monitor",
  "depot-engine",
  "depot-monitor",
];

test.each([
  ["11", ["CP-011-engine", "CP-011-monitor"]],
  ["CP-011", ["CP-011-engine", "CP-011-monitor"]],
  ["ev-cp-e-11", ["CP-011-engine"]],
  ["ev-cp-m-11", ["CP-011-monitor"]],
  ["CP-011-engine", ["CP-011-engine"]],
  ["1..2", ["CP-001-engine", "CP-001-monitor", "CP-002-engine", "CP-002-monitor"]],
  ["depot", ["depot-engine", "depot-monitor"]],
  ["bridge", ["bridge-bridge-all", "bridge-2"]],
  ["bridge-3", ["bridge-3"]],
  ["watch-me", ["watch-me"]],
])("%s means %s", (word, clients) => {
  expect(clientsMeant([word], known)).toEqual(clients);
});

test.each(["", "nonsense", "CP-#", "#", "+", "driver-alice", "ev-kafka"])("%j means no client", (word) => {
  expect(() => clientsMeant([word], known)).toThrow(/is no client of the MQTT broker|charge point/);
});

test("each client once, and what to type for it again", () => {
  expect(clientsMeant(["11", "ev-cp-e-11"], known)).toEqual(["CP-011-engine", "CP-011-monitor"]);
  expect(wordsOf(["CP-011-engine", "CP-011-monitor", "CP-012-engine", "bridge-bridge-all", "watch-me"])).toBe(
    "11 ev-cp-e-12 bridge watch-me",
  );
});

test("a client's service is known by its name", () => {
  expect(serviceOfClient("CP-011-monitor")).toEqual({ service: "ev-cp-m-11", logName: "CP_M:CP-011" });
  expect(serviceOfClient("bridge-bridge-all")?.service).toBe("ev-bridge");
  expect(serviceOfClient("watch-me")).toBeUndefined();
});

test("of a service without a process nothing is waited for; one on another host may be connected", () => {
  const services = [
    { name: "ev-cp-e-1", pid: null },
    { name: "ev-cp-m-1", pid: 7 },
  ];
  const clients = ["CP-001-engine", "CP-001-monitor", "CP-011-engine", "watch-me"];
  expect(clientsWithProcess(clients, services)).toEqual(["CP-001-monitor", "CP-011-engine", "watch-me"]);
});
