// What a fleet over several hosts needs beside its network: addresses by their old names, one named member, doors,
// tokens for drivers elsewhere, and plain words about what is open.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openTokens } from "../../../central-fn/api/tokens.ts";
import { readArguments } from "../../../simulator/cli/arguments.ts";
import { hostLines } from "../../../simulator/cli/hosts.rules.ts";
import { token } from "../../../simulator/cli/token.ts";
import { baseFleet } from "../../../simulator/fleet/base-fleet.ts";
import { closeDoors, listenAddress, openDoors } from "../../../simulator/fleet/doors.ts";
import { readFleet } from "../../../simulator/fleet/fleet-files.ts";
import { givenTokens } from "../../../simulator/fleet/given-tokens.ts";
import { withNamedMembers } from "../../../simulator/fleet/named-members.ts";
import { makePlaces, placesOf } from "../../../simulator/fleet/places.ts";
import { servicesOf } from "../../../simulator/fleet/services.ts";
import { checkTokens, prepareTokens } from "../../../simulator/fleet/tokens.ts";
import { freePort } from "../../support/free-port.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ev-hosts-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const up = (env: Record<string, string>, ...more: string[]) => readArguments(["up", ...more], env);

describe("the environment of a host", () => {
  test("knows the original's names; the new ones win", () => {
    expect(up({ CENTRAL_KAFKA_BOOTSTRAP: "k:9092" }).servers.kafkaBootstrap).toBe("k:9092");
    expect(up({ CENTRAL_KAFKA_BOOTSTRAP: "k:9092", KAFKA_BOOTSTRAP: "n:9092" }).servers.kafkaBootstrap).toBe(
      "n:9092",
    );
    expect(up({ CENTRAL_HOST: "10.0.0.1" }).servers.centralUrl).toBe("http://10.0.0.1:8000");
    expect(up({ CENTRAL_HOST: "central:9000" }).servers.centralUrl).toBe("http://central:9000");
    expect(up({ CENTRAL_HOST: "10.0.0.1", CENTRAL_URL: "http://c" }).servers.centralUrl).toBe("http://c");
    expect(() => up({ CENTRAL_HOST: "no host" })).toThrow(/CENTRAL_HOST=no host/);
  });
  test("CP_ID and DRIVER_ID choose one, where only charge points or drivers are started", () => {
    expect(up({ CP_ID: "11", DRIVER_ID: "Frank" }, "--only", "cps,drivers")).toMatchObject({
      onlyCp: "CP-011",
      onlyDriver: "driver-frank",
    });
    expect(up({ CP_ID: "CP-011", DRIVER_ID: "frank" })).toMatchObject({
      onlyCp: undefined,
      onlyDriver: undefined,
    });
  });
  test("--listen wants one address that others can be told", () => {
    expect(up({ EV_LISTEN: "192.168.1.20" }).listen).toBe("192.168.1.20");
    expect(up({ EV_LISTEN: "192.168.1.20" }, "--listen", "server.lan").listen).toBe("server.lan");
    expect(up({}).listen).toBeUndefined();
    for (const typed of ["0.0.0.0", "::", "127.0.0.1", "localhost", "fe80::1", "a b"])
      expect(() => listenAddress(typed)).toThrow(/--listen 192\.168\.1\.20/);
  });
});

test("of the named charge point and driver files are written when they are new, and only they are started", () => {
  const places = placesOf(dir);
  const said: string[] = [];
  const named = { onlyCp: "CP-011", onlyDriver: "driver-frank" };
  const fleet = withNamedMembers(places, readFleet(places.fleet), named, (text) => said.push(text));
  expect(said).toHaveLength(2);
  expect(withNamedMembers(places, fleet, named, (text) => said.push(text))).toBe(fleet);
  const options = { places, portOffset: 0, servers: {}, only: ["cps", "drivers"] as const };
  expect(servicesOf(fleet, { ...options, ...named }).map(({ name }) => name)).toEqual([
    "ev-charger-11",
    "ev-cp-e-11",
    "ev-cp-m-11",
    "ev-driver-frank",
  ]);
});

test("Kafka tells its clients the address that other hosts reach; everything still listens on loopback", () => {
  const specs = servicesOf(baseFleet(), {
    places: placesOf(dir),
    portOffset: 100,
    servers: {},
    only: [],
    listen: "10.0.0.1",
  });
  expect(specs.find(({ name }) => name === "ev-kafka")?.env).toMatchObject({
    KAFKA_HOST: "127.0.0.1",
    KAFKA_ADVERTISED: "10.0.0.1:9192",
  });
  const hosts = specs.flatMap(({ env }) => [env.KAFKA_HOST, env.MQTT_HOST, env.HTTP_HOST]);
  expect(new Set(hosts.filter((host) => host !== undefined))).toEqual(new Set(["127.0.0.1"]));
});

test("a door leads to the server behind it, and an address of another host is refused", async () => {
  const port = await freePort();
  const server = createServer((socket) => socket.end("hello"));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const specs = servicesOf(baseFleet(), { places: placesOf(dir), portOffset: 0, servers: {}, only: [] })
    .filter(({ role }) => role === "mqtt" || role === "driver")
    .map((spec) => ({ ...spec, port }));
  // Another loopback address stands for the address of a network card.
  const doors = await openDoors("127.0.0.7", specs);
  try {
    expect(doors.map(({ to, at }) => [to, at])).toEqual([["ev-mqtt", `127.0.0.7:${port}`]]);
    const said = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, "127.0.0.7");
      socket.once("data", (chunk) => resolve(chunk.toString()));
      socket.once("error", reject);
    });
    expect(said).toBe("hello");
    await expect(openDoors("127.0.0.7", specs)).rejects.toThrow(/cannot be listened on/);
    await expect(openDoors("192.0.2.77", specs)).rejects.toThrow(/192\.0\.2\.77 is no address of this host/);
  } finally {
    await closeDoors(doors);
    server.close();
  }
});

describe("tokens for drivers on another host", () => {
  const told = (words: string[], more: string[] = []) => {
    const lines: string[] = [];
    const notes: string[] = [];
    const args = readArguments(["token", ...words, ...more, "--state", dir], {});
    return token(args, { line: (text) => lines.push(text), note: (text) => notes.push(text) }).then(() => ({
      lines,
      notes,
    }));
  };
  const driverSpecs = (...names: string[]) => {
    const options = { places: placesOf(dir), portOffset: 0, servers: {}, only: ["drivers"] as const };
    return servicesOf(baseFleet(), options).filter(({ subject }) => names.includes(subject ?? ""));
  };

  test("are printed by the host that has Central's key, one per line, and by no other", async () => {
    await expect(told(["frank"])).rejects.toThrow(/run this on Central's host/);
    makePlaces(placesOf(dir));
    const keys = openTokens(placesOf(dir).tokenKey);
    const { lines, notes } = await told(["frank", "ev-driver-grace", "operator"]);
    expect(await Promise.all(lines.map((line) => keys.verify(line)))).toMatchObject([
      { sub: "driver-frank", role: "driver" },
      { sub: "driver-grace", role: "driver" },
      { sub: "operator", role: "operator" },
    ]);
    expect(notes.join()).toContain("for driver-frank, driver-grace, operator, until ");
  });

  test("each finds its driver by what it says itself, from EV_TOKEN and from a file", async () => {
    makePlaces(placesOf(dir));
    openTokens(placesOf(dir).tokenKey);
    const [frank = "", grace = ""] = (await told(["frank", "grace"])).lines;
    const file = join(dir, "tokens");
    writeFileSync(file, `${grace}\n`);
    expect([...givenTokens({ EV_TOKEN: frank, EV_TOKEN_FILE: file }, Date.now())]).toEqual([
      ["driver-frank", frank],
      ["driver-grace", grace],
    ]);
    expect(() => givenTokens({ EV_TOKEN: "nonsense" }, Date.now())).toThrow(/EV_TOKEN holds something/);
    const later = Date.now() + 31 * 86_400_000;
    expect(() => givenTokens({ EV_TOKEN: frank }, later)).toThrow(/token of driver-frank in EV_TOKEN ended/);
  });

  test("a driver of a Central elsewhere starts with the token that was given, kept for later, and with none not at all", async () => {
    const places = placesOf(dir);
    makePlaces(places);
    const elsewhere = { centralUrl: "http://10.0.0.1:8000" };
    const specs = driverSpecs("driver-alice", "driver-bob");
    const given = new Map([["driver-alice", "given.to.alice"]]);
    await expect(checkTokens(specs, places, elsewhere, given)).rejects.toThrow(
      /no token for driver-bob at http:\/\/10\.0\.0\.1:8000: run `ev token driver-bob` on Central's host/,
    );
    const [alice] = driverSpecs("driver-alice");
    if (!alice) throw new Error("no alice");
    await prepareTokens(alice, places, elsewhere, given);
    await prepareTokens(alice, places, elsewhere, new Map());
    await checkTokens([alice], places, elsewhere, new Map());
    await checkTokens(specs, places, {}, new Map());
    // What this host signed for its own Central is of no use elsewhere.
    await prepareTokens(alice, places, {});
    await expect(checkTokens([alice], places, elsewhere, new Map())).rejects.toThrow(
      /no token for driver-alice/,
    );
  });
});

test("what a host was not told, and what it opened, is said in plain words", () => {
  expect(hostLines({ specs: [{ role: "engine" }, { role: "driver" }], doors: [] }, {})).toEqual([
    expect.stringContaining("MQTT_URL is not set"),
    expect.stringContaining("CENTRAL_URL is not set"),
  ]);
  const servers = { specs: [{ role: "kafka" }, { role: "mqtt" }, { role: "central" }] as const, doors: [] };
  expect(hostLines(servers, {})).toEqual([]);
  const open = { ...servers, doors: [{ role: "mqtt", at: "10.0.0.1:1883" }] as const };
  expect(hostLines(open, {}).join("\n")).toMatch(/MQTT_URL=mqtt:\/\/10\.0\.0\.1:1883 {2}asks for passwords/);
});
