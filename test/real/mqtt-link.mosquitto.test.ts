// The MQTT contract on Mosquitto with a certificate for each client, and what only certificates can refuse.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { authorityIn } from "../../simulator/servers/certificates.ts";
import { type Mosquitto, startMosquitto } from "../../simulator/servers/mosquitto.ts";
import { certificateAdmission } from "../../simulator/servers/mosquitto-admission.ts";
import { admitClients } from "../../simulator/servers/mosquitto-clients.ts";
import { mqttTopics } from "../../wire/messages/index.ts";
import { type LinkOptions, openLink, type Subscription } from "../../wire/mqtt/index.ts";
import { openLog } from "../../wire/process/log.ts";
import { mqttLinkContract } from "../contracts/mqtt-link.contract.ts";
import { until } from "../wire/mqtt/support.ts";

const dir = mkdtempSync(join(tmpdir(), "ev-mosquitto-"));
let mosquitto: Mosquitto;

beforeAll(async () => {
  mosquitto = await startMosquitto({ dir, say: (line) => process.stderr.write(`${line}\n`) });
}, 300_000);
afterAll(async () => {
  await mosquitto?.stop();
  rmSync(dir, { recursive: true });
});

mqttLinkContract("Mosquitto", {
  reach: (clientId) => mosquitto.reach(clientId),
  // MQTT 3.1.1 has no word for "not allowed" in a PUBACK, and Mosquitto's file has none for subscriptions.
  refusedPublication: "it is acknowledged and dropped",
  refusedSubscription: "never served",
  foreignWill: "is dropped",
  revoke: (clientId) => certificateAdmission(dir, mosquitto.url).revoke([clientId]),
  renew: (clientId) => certificateAdmission(dir, mosquitto.url).renew([clientId]),
  // What begins no TLS, and what says nothing.
  strange: [Buffer.from("\x10\x0e\0\x04MQTT\x04\x02\0\x0a\0\x02me", "latin1"), Buffer.alloc(0)],
  kill9: () => mosquitto.kill(),
  restart: () => mosquitto.start(),
});

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function link(options: Pick<LinkOptions, "url" | "tls" | "clientId">, subscriptions: Subscription[] = []) {
  const lines: string[] = [];
  const heard: string[] = [];
  const one = openLink(
    { cleanSession: true, keepaliveS: 10, ...options },
    subscriptions,
    { up() {}, down() {}, message: (_, payload) => heard.push(Buffer.from(payload).toString()) },
    openLog("link", (line) => lines.push(line)),
  );
  ends.push(() => one.close());
  return { link: one, lines, heard };
}

describe("certificates at Mosquitto", () => {
  test.each([
    ["no certificate", "certificate required", (ca: string) => ({ ca })],
    [
      "a certificate of another authority",
      "unknown ca",
      (ca: string) => ({ ca, ...authorityIn(join(dir, "other")).client("CP-001-engine") }),
    ],
    [
      "a server's certificate",
      "unsupported certificate",
      (ca: string) => ({ ca, ...authorityIn(dir).server() }),
    ],
    [
      "a certificate whose time is over",
      "certificate expired",
      (ca: string) => ({ ca, ...expired("CP-001-engine") }),
    ],
  ])("a client with %s is not let in: %s", async (_, why, tlsOf) => {
    const tls = tlsOf(authorityIn(dir).ca);
    const refused = link({ url: mosquitto.url, clientId: "CP-001-engine", tls });
    await until("a complaint", () => refused.lines.length > 0, 10_000);
    expect(refused.lines[0]).toContain(why);
    expect(refused.link.connected).toBe(false);
  });

  test("a broker whose authority the device does not know, or whose name is another, is not believed", async () => {
    const { tls } = await mosquitto.reach("CP-001-engine");
    const other = authorityIn(join(dir, "other"));
    const strange = link({ url: mosquitto.url, clientId: "CP-001-engine", tls: { ...tls, ca: other.ca } });
    const port = await elsewhere(Number(new URL(mosquitto.url).port));
    const wrongName = link({
      url: `mqtts://127.0.0.2:${port}`,
      clientId: "CP-001-engine",
      tls,
    });
    await until("a complaint", () => strange.lines.length > 0, 10_000);
    expect(strange.lines[0]).toMatch(/certificate/);
    await until("a complaint", () => wrongName.lines.length > 0, 10_000);
    expect(wrongName.lines[0]).toMatch(/127\.0\.0\.2 is not in the cert/);
    expect([strange.link.connected, wrongName.link.connected]).toEqual([false, false]);
  });

  test("TLS 1.1 is refused", async () => {
    const { tls } = await mosquitto.reach("CP-001-engine");
    const port = Number(new URL(mosquitto.url).port);
    const refused = new Promise((resolve) => {
      const socket = connectTls({
        port,
        host: "127.0.0.1",
        rejectUnauthorized: false,
        minVersion: "TLSv1.1",
        maxVersion: "TLSv1.1",
        ciphers: "DEFAULT@SECLEVEL=0",
      });
      socket.once("secureConnect", () => resolve("connected"));
      socket.once("error", (error) => resolve(error.message));
      ends.push(() => socket.destroy());
    });
    expect(await refused).toMatch(/protocol version|alert/i);
    expect(tls.cert).toBeDefined();
  });

  test("what a client calls itself does not count: it neither takes over another's session nor hears for it", async () => {
    const topic = mqttTopics.acks("CP-001");
    const victim = link({ clientId: "CP-001-engine", ...(await mosquitto.reach("CP-001-engine")) }, [
      { topic, qos: 1 },
    ]);
    const bridge = link({ clientId: "bridge-contract", ...(await mosquitto.reach("bridge-contract")) });
    await until("both are up", () => victim.link.connected && bridge.link.connected, 10_000);
    const thief = link({ ...(await mosquitto.reach("CP-002-engine")), clientId: "CP-001-engine" }, [
      { topic, qos: 1 },
    ]);
    await until("the thief is up", () => thief.link.connected, 10_000);
    await bridge.link.publish(topic, "for one alone", 1);
    await until("the owner hears", () => victim.heard.length > 0);
    expect([victim.link.connection, victim.heard, thief.heard]).toEqual([1, ["for one alone"], []]);
  });

  test("a certificate with a name of no known kind connects and may do nothing", async () => {
    const { tls, url } = await mosquitto.reach("somebody");
    const topic = mqttTopics.engineEvents("CP-001");
    const stranger = link({ url, tls, clientId: "somebody" }, [{ topic, qos: 1 }]);
    const bridge = link({ clientId: "bridge-contract", ...(await mosquitto.reach("bridge-contract")) }, [
      { topic: mqttTopics.allEngineEvents, qos: 1 },
    ]);
    const device = link({ clientId: "CP-001-engine", ...(await mosquitto.reach("CP-001-engine")) });
    await until("all are up", () => [stranger, bridge, device].every((one) => one.link.connected), 10_000);
    await stranger.link.publish(topic, "stolen", 1);
    await device.link.publish(topic, "own", 1);
    await until("the bridge hears", () => bridge.heard.length > 0);
    expect([bridge.heard, stranger.heard]).toEqual([["own"], []]);
  });

  test("a revoked certificate is of no use with a TLS session that was kept from before", async () => {
    const { tls } = await mosquitto.reach("CP-555-engine");
    const material = {
      ca: readFileSync(tls.ca ?? ""),
      cert: readFileSync(tls.cert ?? ""),
      key: readFileSync(tls.key ?? ""),
    };
    let session: Buffer | undefined;
    const open = async () => {
      const socket = connectTls({
        port: Number(new URL(mosquitto.url).port),
        host: "localhost",
        ...material,
        ...(session && { session }),
      });
      ends.push(() => socket.destroy());
      socket.on("session", (bytes) => {
        session = bytes;
      });
      const heard = await new Promise<string>((resolve) => {
        socket.once("error", (error) => resolve(error.message));
        socket.once("close", () => resolve("closed"));
        socket.once("data", (bytes) => resolve(bytes.toString("hex")));
        // CONNECT without a name of its own, clean session.
        socket.write(Buffer.from("\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0", "latin1"));
      });
      return { heard };
    };
    expect((await open()).heard).toBe("20020000");
    await until("a session to keep", () => session !== undefined);
    await certificateAdmission(dir, mosquitto.url).revoke(["CP-555-engine"]);
    expect((await open()).heard).toMatch(/certificate revoked/);
  });

  test("a device that is admitted later gets its rights without a restart, and nobody is disturbed", async () => {
    const bridge = link({ clientId: "bridge-contract", ...(await mosquitto.reach("bridge-contract")) }, [
      { topic: mqttTopics.allEngineEvents, qos: 1 },
    ]);
    await until("the bridge is up", () => bridge.link.connected, 10_000);
    expect(admitClients(dir, ["CP-777-engine"])).toBe(true);
    expect(admitClients(dir, ["CP-777-engine"])).toBe(false);
    const device = link({ clientId: "CP-777-engine", ...(await mosquitto.reach("CP-777-engine")) });
    await until("the device is up", () => device.link.connected, 10_000);
    // Its first words may come before the broker has read its rights; its outbox says them again.
    await until(
      "the bridge hears it",
      () => {
        void device.link.publish(mqttTopics.engineEvents("CP-777"), "new here", 1);
        return bridge.heard.length > 0;
      },
      10_000,
    );
    expect(bridge.link.connection).toBe(1);
  });
});

/** Signed by the broker's own authority, and over since yesterday. */
function expired(name: string): { cert: string; key: string } {
  const at = join(dir, "expired");
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
  const config = join(dir, "openssl.cnf");
  openssl(
    ...["req", "-new", "-config", config, "-newkey", "rsa:2048", "-nodes"],
    ...["-keyout", `${at}.key`, "-out", `${at}.csr`, "-subj", `/CN=${name}`],
  );
  openssl(
    ...["x509", "-req", "-in", `${at}.csr`, "-CA", join(dir, "ca.crt"), "-CAkey", join(dir, "ca.key")],
    ...["-CAcreateserial", "-days", "-1", "-out", `${at}.crt`],
  );
  return { cert: `${at}.crt`, key: `${at}.key` };
}

/** Passes bytes on from an address that the broker's certificate does not name. */
async function elsewhere(port: number): Promise<number> {
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const socket of [near, far]) socket.on("error", () => [near, far].map((one) => one.destroy()));
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.2", resolve));
  ends.push(() => server.close());
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}
