// Lines through proxies of their own: cut, kept through restarts, mended, and refused where there is none.
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LinkFault } from "../../../simulator/fleet/links.rules.ts";
import { type Links, openLinks } from "../../../simulator/fleet/links.ts";
import type { ServiceSpec } from "../../../simulator/fleet/service-spec.ts";
import { eventually } from "../../support/live-fleet.ts";

const cut: LinkFault = { how: "cut", delayMs: 0, lossPercent: 0 };

let server: Server;
let links: Links;
let url: string;
const sockets: Socket[] = [];

beforeEach(async () => {
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => socket.write(chunk));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no port");
  url = `mqtt://127.0.0.1:${address.port}`;
  links = openLinks({ kafkaElsewhere: false });
});
afterEach(async () => {
  await links.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
});

function engine(n: number, mqttUrl = url): ServiceSpec {
  return {
    name: `ev-cp-e-${n}`,
    role: "engine",
    subject: `CP-00${n}`,
    entry: "device-agent/engine-main.ts",
    env: { MQTT_URL: mqttUrl, CP_ID: `CP-00${n}` },
    dependsOn: [],
    port: null,
    size: "small",
    files: [],
  };
}

function dial(spec: ServiceSpec): { socket: Socket; got: () => string; closed: () => boolean } {
  const { port } = new URL(links.routed(spec).env.MQTT_URL ?? "");
  const socket = connect(Number(port), "127.0.0.1");
  sockets.push(socket);
  let got = "";
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    got += chunk.toString();
  });
  socket.write("a");
  return { socket, got: () => got, closed: () => socket.closed };
}

const is = (what: string, look: () => boolean) => eventually(what, () => look() || undefined, 5_000);

test("a service gets its line's address, and keeps it through restarts", async () => {
  await links.open(engine(1));
  const first = links.routed(engine(1)).env;
  expect(first).toMatchObject({ CP_ID: "CP-001", MQTT_URL: expect.not.stringMatching(url) });
  await links.open(engine(1));
  expect(links.routed(engine(1)).env).toEqual(first);
  await links.open(engine(1, "mqtt://127.0.0.1:1"));
  expect(links.routed(engine(1, "mqtt://127.0.0.1:1")).env.MQTT_URL).not.toBe(first.MQTT_URL);
});

test("one that is cut off reaches nobody, its neighbour does; mended, it is reset and reaches the server again", async () => {
  await links.open(engine(1));
  await links.open(engine(2));
  const mine = dial(engine(1));
  await is("an answer", () => mine.got() === "a");
  links.disconnect([engine(1)], cut);
  mine.socket.write("b");
  const during = dial(engine(1));
  const neighbour = dial(engine(2));
  await is("the neighbour's answer", () => neighbour.got() === "a");
  expect([mine.got(), during.got(), mine.closed()]).toEqual(["a", "", false]);
  expect(links.report(engine(1)).link).toBe("cut");
  expect(links.connect(["ev-cp-e-1", "ev-cp-e-2"])).toEqual(["ev-cp-e-1"]);
  await is("both to be told", () => mine.closed() && during.closed());
  const after = dial(engine(1));
  await is("an answer again", () => after.got() === "a");
  expect(links.report(engine(1))).toMatchObject({
    link: "connected",
    links: [{ to: "ev-mqtt", at: expect.stringMatching(/^127\.0\.0\.1:\d+$/), state: "connected" }],
  });
});

test("a server that is cut off is cut off from everybody, and a service cut off itself stays so when it is back", async () => {
  await links.open(engine(1));
  await links.open(engine(2));
  const mqtt = { name: "ev-mqtt", role: "mqtt" } as const;
  links.disconnect([mqtt, engine(2)], cut);
  expect(links.report(engine(1)).link).toBe("ev-mqtt cut");
  expect(links.report(mqtt)).toEqual({ link: "cut", links: [] });
  links.connect(["ev-mqtt"]);
  const whole = dial(engine(1));
  const dead = dial(engine(2));
  await is("an answer to the first", () => whole.got() === "a");
  expect(dead.got()).toBe("");
});

test("a fault of a service that does not run waits for its start", async () => {
  links.disconnect([engine(1)], cut);
  await links.open(engine(1));
  const mine = dial(engine(1));
  await links.open(engine(2));
  const other = dial(engine(2));
  await is("the other's answer", () => other.got() === "a");
  expect(mine.got()).toBe("");
});

test("a line that leads past the proxies cannot be cut, and says why", async () => {
  const encrypted = engine(1, "mqtts://broker.example");
  await links.open(encrypted);
  expect(links.routed(encrypted)).toEqual(encrypted);
  expect(() => links.disconnect([encrypted], cut)).toThrow(
    /ev-cp-e-1 cannot be disconnected here: .*ev-mqtt is direct, for mqtts:\/\/broker.example is encrypted/,
  );
  expect(() => links.disconnect([{ name: "ev-charger-1", role: "charger" }], cut)).toThrow(/serial/);
  expect(links.report({ name: "ev-charger-1", role: "charger" })).toEqual({ link: null, links: [] });
});

test("the lines of a service that is gone are closed, and its fault is forgotten", async () => {
  await links.open(engine(1));
  await links.open(engine(2));
  links.disconnect([engine(1)], cut);
  await links.keep(new Set(["ev-cp-e-2"]));
  expect(links.all().map(({ from }) => from)).toEqual(["ev-cp-e-2"]);
  expect(links.report(engine(1)).link).toBe("connected");
});
