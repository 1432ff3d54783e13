// Passwords at the local broker: who is let in, who is cut when a password ends, and what strangers cannot do.
import { randomBytes } from "node:crypto";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openBroker } from "../../../../simulator/brokers/mqtt/broker.ts";
import {
  admitted,
  type KnownClient,
  knownClientsText,
} from "../../../../simulator/brokers/mqtt/clients.rules.ts";
import { mqttTopics } from "../../../../wire/messages/index.ts";
import { type LinkOptions, openLink, type Subscription } from "../../../../wire/mqtt/index.ts";
import { openLog } from "../../../../wire/process/log.ts";
import { until, wrongPassword } from "../../../wire/mqtt/support.ts";

const afterwards: (() => unknown)[] = [];
let dir: string;
let known: Map<string, KnownClient>;
const passwords = new Map<string, string>();
const brokerLines: string[] = [];
let url: string;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ev-admission-"));
  known = new Map();
  brokerLines.length = 0;
  for (const name of ["CP-001-engine", "CP-001-monitor", "CP-002-engine", "bridge-all"]) issue(name);
  save();
  const broker = await openBroker(
    { host: "127.0.0.1", port: 0, open: false, clientsPath: join(dir, "clients") },
    openLog("MQTT", (line) => brokerLines.push(line)),
  );
  afterwards.push(() => broker.close());
  url = `mqtt://127.0.0.1:${broker.port}`;
});
afterEach(async () => {
  for (const step of afterwards.splice(0).reverse()) await step();
  rmSync(dir, { recursive: true });
});

function issue(name: string): void {
  const password = randomBytes(32).toString("base64url");
  passwords.set(name, password);
  known.set(name, admitted(password, randomBytes(16).toString("base64url")));
}
function save(): void {
  writeFileSync(join(dir, "new"), knownClientsText(known));
  renameSync(join(dir, "new"), join(dir, "clients"));
}

function client(clientId: string, more: Partial<LinkOptions> = {}, subscriptions: Subscription[] = []) {
  const seen = { ups: 0, downs: 0, lines: [] as string[], heard: [] as string[] };
  const password = passwords.get(clientId);
  const link = openLink(
    { url, clientId, cleanSession: true, keepaliveS: 10, ...(password && { password }), ...more },
    subscriptions,
    {
      up: () => {
        seen.ups += 1;
      },
      down: () => {
        seen.downs += 1;
      },
      message: (topic, payload) => seen.heard.push(`${topic} ${Buffer.from(payload).toString()}`),
    },
    openLog("link", (line) => seen.lines.push(line)),
  );
  afterwards.push(() => link.close());
  return { link, seen };
}
const up = ({ link }: ReturnType<typeof client>) => until("up", () => link.connected);
const complained = ({ seen }: ReturnType<typeof client>) => until("a complaint", () => seen.lines.length > 0);

test("a client with its password is let in, the file of a worker with many lines included", async () => {
  writeFileSync(join(dir, "one"), `${passwords.get("CP-001-engine")}\n`);
  const lines = ["CP-001-engine", "CP-001-monitor"].map((name) => `${name}:${passwords.get(name)}`);
  writeFileSync(join(dir, "many"), `XCP-001-monitor:wrong\n${lines.join("\n")}\n`);
  passwords.delete("CP-001-engine");
  passwords.delete("CP-001-monitor");
  await up(client("CP-001-engine", { passwordPath: join(dir, "one") }));
  await up(client("CP-001-monitor", { passwordPath: join(dir, "many") }));
  writeFileSync(join(dir, "first"), lines.join("\n"));
  await up(client("CP-001-engine", { passwordPath: join(dir, "first") }));
});

test.each([
  ["without a password", { password: "" }, /no password was given/],
  ["with another's password", { password: "x".repeat(43) }, /wrong password/],
  ["under another's name", { username: "CP-002-engine" }, /its user name is not its client id/],
] as const)("a device %s is kept out, and whoever has its name stays in", async (_, more, why) => {
  const owner = client("CP-001-engine");
  await up(owner);
  const thief = client("CP-001-engine", more);
  await complained(thief);
  expect(thief.seen.lines[0]).toMatch(/Connection refused/);
  expect(brokerLines.join()).toMatch(why);
  expect([thief.link.connected, owner.link.connected, owner.seen.downs]).toEqual([false, true, 0]);
});

test("names that nobody gave a password, ids with wildcards and strangers are kept out", async () => {
  for (const name of ["CP-009-engine", "CP-#-engine", "+-monitor", "somebody", "bridge-x"]) {
    const stranger = client(name, { password: "x".repeat(43) });
    await complained(stranger);
    expect(stranger.link.connected).toBe(false);
    await stranger.link.close();
  }
});

test("a new client is let in at once, without a restart and without disturbing anybody", async () => {
  const other = client("CP-001-engine");
  await up(other);
  issue("CP-777-engine");
  save();
  const fresh = client("CP-777-engine");
  await up(fresh);
  expect([fresh.seen.lines.filter((line) => line.includes("WARN")), other.seen.downs]).toEqual([[], 0]);
});

test("a revoked client is cut within a second, its will told, and kept out until it has a new password", async () => {
  const bridge = client("bridge-all", {}, [{ topic: mqttTopics.allMonitorEvents, qos: 1 }]);
  const engine = client("CP-001-engine");
  const topic = mqttTopics.monitorEvents("CP-001");
  const passwordPath = join(dir, "monitor");
  writeFileSync(passwordPath, passwords.get("CP-001-monitor") ?? "");
  passwords.delete("CP-001-monitor");
  const monitor = client("CP-001-monitor", {
    passwordPath,
    will: (connection) => ({ topic, payload: `will ${connection}`, qos: 1 }),
  });
  await Promise.all([up(bridge), up(engine), up(monitor)]);

  known.set("CP-001-monitor", { is: "revoked", at: "2026-11-22T10:00:00.000Z" });
  save();
  const revokedMs = performance.now();
  await until("it is cut", () => monitor.seen.downs === 1);
  // A machine that is busy with other suites may take its time; the broker looks four times a second.
  expect(performance.now() - revokedMs).toBeLessThan(3_000);
  await until("its will", () => bridge.seen.heard.length > 0);
  expect(bridge.seen.heard).toEqual([`${topic} will 1`]);
  await until("it is refused", () => brokerLines.some((line) => line.includes("not let in: revoked at")));
  expect([monitor.seen.ups, engine.seen.downs, bridge.seen.downs]).toEqual([1, 0, 0]);

  issue("CP-001-monitor");
  save();
  writeFileSync(passwordPath, passwords.get("CP-001-monitor") ?? "");
  await until("it is back", () => monitor.seen.ups === 2, 10_000);
  expect(engine.seen.downs).toBe(0);
});

test("a client whose password is replaced is cut and comes back with the new one", async () => {
  const engine = client("CP-001-engine");
  await up(engine);
  issue("CP-001-engine");
  save();
  await until("it is cut", () => engine.seen.downs === 1);
  const next = client("CP-001-engine");
  await up(next);
  expect(engine.link.connected).toBe(false);
});

test("a clients' file with a wrong line changes nothing and is complained about", async () => {
  const engine = client("CP-001-engine");
  await up(engine);
  writeFileSync(join(dir, "clients"), "nonsense\n");
  await until("a complaint", () => brokerLines.some((line) => /line 1 is none/.test(line)));
  await up(client("CP-002-engine"));
  expect(engine.seen.downs).toBe(0);
});

test("wrong passwords are told once and counted, not written line by line", async () => {
  for (const letter of "xyz") {
    const thief = client("CP-001-engine", { password: letter.repeat(43) });
    await complained(thief);
    await thief.link.close();
  }
  expect(brokerLines.filter((line) => line.includes("wrong password"))).toHaveLength(1);
});

test("a flood of newcomers from one address keeps neither those inside nor those of other addresses waiting", async () => {
  const bridge = client("bridge-all", {}, [{ topic: mqttTopics.allEngineEvents, qos: 1 }]);
  const engine = client("CP-001-engine");
  await Promise.all([up(bridge), up(engine)]);
  const port = Number(new URL(url).port);
  // Half of them say nothing at all, the others a CONNECT with a wrong password; each comes again as soon as it ends.
  let flooding = true;
  const connect = wrongPassword("CP-002-engine");
  const storm = (n: number) => {
    if (!flooding) return;
    const socket = createConnection({ port, host: "127.0.0.1", localAddress: "127.0.0.9" });
    if (n % 2 === 0) socket.write(connect);
    socket.on("error", () => {});
    socket.on("close", () => setTimeout(() => storm(n), 5));
    socket.resume();
    afterwards.push(() => socket.destroy());
  };
  for (let n = 0; n < 1_200; n++) storm(n);
  const isFull = () => brokerLines.some((line) => /127\.0\.0\.9 has too many connections/.test(line));
  await until("the flood is as large as it may be", isFull, 10_000);
  const topic = mqttTopics.engineEvents("CP-001");
  for (let n = 0; n < 20; n++) expect(await engine.link.publish(topic, `${n}`, 1)).toBe(true);
  await until("all of it is heard", () => bridge.seen.heard.length === 20);
  const late = client("CP-002-engine");
  await up(late);
  flooding = false;
  expect([bridge.seen.downs, engine.seen.downs]).toEqual([0, 0]);
});
