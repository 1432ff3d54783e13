import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { openBroker } from "../../../simulator/brokers/mqtt/broker.ts";
import { openLink, type Subscription } from "../../../wire/mqtt/link.ts";
import type { Link, LinkOptions } from "../../../wire/mqtt/port.ts";
import { openLog, silentLog } from "../../../wire/process/log.ts";
import { freePort } from "../../support/free-port.ts";
import { openProxy, until } from "./support.ts";

const afterwards: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of afterwards.splice(0).reverse()) await step();
});

async function startBroker() {
  const broker = await openBroker({ host: "127.0.0.1", port: 0, open: true }, silentLog);
  afterwards.push(() => broker.close());
  return broker;
}

async function startProxy(port: () => number) {
  const proxy = await openProxy(port);
  afterwards.push(() => proxy.close());
  return proxy;
}

interface Watched {
  link: Link;
  ups: number[];
  downs: string[];
  messages: string[];
  lines: string[];
}

let clients = 0;
function watch(port: number, subscriptions: Subscription[] = [], more: Partial<LinkOptions> = {}): Watched {
  const seen = { ups: [], downs: [], messages: [], lines: [] } as Omit<Watched, "link">;
  clients += 1;
  const link = openLink(
    {
      url: `mqtt://127.0.0.1:${port}`,
      clientId: `test-${clients}`,
      cleanSession: true,
      keepaliveS: 10,
      ...more,
    },
    subscriptions,
    {
      up: (n) => seen.ups.push(n),
      down: (why) => seen.downs.push(why),
      message: (topic, payload) => seen.messages.push(`${topic} ${Buffer.from(payload).toString()}`),
    },
    openLog("link", (line) => seen.lines.push(line)),
  );
  afterwards.push(() => link.close());
  return { link, ...seen };
}

const isUp = (w: Watched, times = 1) => until(`connection ${times}`, () => w.ups.length >= times, 8_000);
const willOf = (connection: number) => ({ topic: "wills", payload: `will ${connection}`, qos: 1 as const });

test("publishes with and without acknowledgement, and hears what it subscribed to from the moment it is up", async () => {
  const broker = await startBroker();
  const a = watch(broker.port, [{ topic: "to/a", qos: 1 }]);
  const b = watch(broker.port, [{ topic: "to/b", qos: 1 }]);
  await isUp(a);
  expect(await a.link.publish("to/a", "myself", 1)).toBe(true);
  await isUp(b);
  expect(await a.link.publish("to/b", "acknowledged", 1)).toBe(true);
  expect(await a.link.publish("to/b", new TextEncoder().encode("written"), 0)).toBe(true);
  await until("both messages", () => b.messages.length === 2);
  expect(b.messages).toEqual(["to/b acknowledged", "to/b written"]);
  expect(a.messages).toEqual(["to/a myself"]);
  expect(a.link.connection).toBe(1);
});

test("every message of QoS 1 is acknowledged once, in its order, before what is said in answer; gathered or not", async () => {
  const count = 3_000;
  for (const more of [{}, { gatherMs: 2 }]) {
    let heard = Buffer.alloc(0);
    // A broker by hand: accepts, grants, sends everything at once, writes down every byte that comes back.
    const server = createServer((socket) => {
      socket.once("data", () => {
        socket.write(Buffer.from([0x20, 2, 0, 0]));
        socket.once("data", (subscribe) => {
          const publish = (id: number) => Buffer.from([0x32, 6, 0, 1, 0x74, id >> 8, id & 255, 0x78]);
          const all = Array.from({ length: count }, (_, i) => publish(i + 1));
          const granted = Buffer.from([0x90, 3, subscribe[2] ?? 0, subscribe[3] ?? 0, 1]);
          socket.write(Buffer.concat([granted, ...all]));
          socket.on("data", (bytes) => {
            heard = Buffer.concat([heard, bytes]);
          });
        });
      });
      socket.on("error", () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    afterwards.push(() => new Promise((resolve) => server.close(resolve)));
    const address = server.address();
    const w = watch(typeof address === "object" ? (address?.port ?? 0) : 0, [{ topic: "t", qos: 1 }], more);
    await until("every message", () => w.messages.length === count);
    expect(await w.link.publish("t", "done", 0)).toBe(true);
    const pubacks = Buffer.concat(
      Array.from({ length: count }, (_, i) => Buffer.from([0x40, 2, (i + 1) >> 8, (i + 1) & 255])),
    );
    const done = Buffer.from([0x30, 7, 0, 1, 0x74, ...Buffer.from("done")]);
    await until("every acknowledgement", () => heard.length >= pubacks.length + done.length);
    expect(heard.equals(Buffer.concat([pubacks, done]))).toBe(true);
    await w.link.close();
  }
});

test("a broken connection leaves the will that was asked for it, a clean end leaves none", async () => {
  const broker = await startBroker();
  const proxy = await startProxy(() => broker.port);
  const witness = watch(broker.port, [{ topic: "wills", qos: 1 }]);
  await isUp(witness);
  const device = watch(proxy.port, [], { will: willOf });
  await isUp(device);
  proxy.cut();
  await isUp(device, 2);
  expect(device.downs).toHaveLength(1);
  expect(device.link.connection).toBe(2);
  proxy.cut();
  await isUp(device, 3);
  await until("two wills", () => witness.messages.length === 2);
  expect(witness.messages).toEqual(["wills will 1", "wills will 2"]);
  await device.link.close();
  expect(device.link.connected).toBe(false);
  await witness.link.publish("wills", "the end", 1);
  await until("the end", () => witness.messages.length > 2);
  expect(witness.messages.at(2)).toBe("wills the end");
});

test("an attempt that reached the broker uses its number up, even when no answer came back", async () => {
  const broker = await startBroker();
  const proxy = await startProxy(() => broker.port);
  const witness = watch(broker.port, [{ topic: "wills", qos: 1 }]);
  await isUp(witness);
  proxy.mode = "mute";
  const device = watch(proxy.port, [], { will: willOf });
  let cutAt = performance.now() + 100;
  await until("the will of an attempt that got no answer", () => {
    if (performance.now() > cutAt) {
      proxy.cut();
      cutAt = performance.now() + 100;
    }
    return witness.messages.length > 0;
  });
  proxy.mode = "pass";
  await isUp(device);
  const numbers = witness.messages.map((text) => Number(text.split(" ")[2]));
  expect(device.link.connection).toBeGreaterThan(Math.max(...numbers));
  expect(new Set(numbers).size).toBe(numbers.length);
});

test("on take-over the old will is published, and the older client is told that it is down", async () => {
  const broker = await startBroker();
  const witness = watch(broker.port, [{ topic: "wills", qos: 1 }]);
  await isUp(witness);
  const old = watch(broker.port, [], { clientId: "same", will: () => ({ ...willOf(0), payload: "old" }) });
  await isUp(old);
  const young = watch(broker.port, [], {
    clientId: "same",
    will: () => ({ ...willOf(0), payload: "young" }),
  });
  await until("old down", () => old.downs.length === 1);
  await old.link.close();
  await isUp(young);
  await until("the old will", () => witness.messages.length > 0);
  expect(witness.messages).toEqual(["wills old"]);
  expect(young.link.connected).toBe(true);
});

test("nothing is kept for a broken link: what was in flight is not taken, and is not sent later", async () => {
  const broker = await startBroker();
  const proxy = await startProxy(() => broker.port);
  const witness = watch(broker.port, [{ topic: "data", qos: 1 }]);
  await isUp(witness);
  const device = watch(proxy.port, [], { keepaliveS: 1 });
  await isUp(device);
  proxy.mode = "hole";
  const started = performance.now();
  const first = device.link.publish("data", "lost", 1);
  const second = device.link.publish("data", "lost too", 0);
  expect(await first).toBe(false);
  // Keepalive 1 s: a ping after 1 s without an answer, given up after another half.
  const noticedMs = performance.now() - started;
  expect(noticedMs).toBeLessThan(5_000);
  await second;
  await until("down", () => device.downs.length === 1);
  // On a busy machine the broker's own patience may end first.
  expect(device.downs[0]).toMatch(/keepalive|closed by the broker/i);
  expect(device.link.connected).toBe(false);
  expect(await device.link.publish("data", "offline", 1)).toBe(false);
  proxy.mode = "pass";
  await isUp(device, 2);
  expect(await device.link.publish("data", "new", 1)).toBe(true);
  await until("the new message", () => witness.messages.length > 0);
  expect(witness.messages).toEqual(["data new"]);
});

test("a busy half-open link is noticed too: sending does not count as hearing", async () => {
  const broker = await startBroker();
  const proxy = await startProxy(() => broker.port);
  const device = watch(proxy.port, [], { keepaliveS: 1 });
  await isUp(device);
  proxy.mode = "hole";
  const traffic = setInterval(() => void device.link.publish("data", "x", 0), 100);
  afterwards.push(() => clearInterval(traffic));
  await until("down", () => device.downs.length === 1, 2_500);
});

async function brokerProcess(port: number): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "simulator/brokers/mqtt/mqtt-main.ts"],
    {
      env: { ...process.env, MQTT_PORT: String(port), MQTT_OPEN: "1" },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  afterwards.push(() => child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await until("broker started", () => /started successfully on .*:\d+\n/.test(output), 10_000);
  return { child, port: Number(/:(\d+)\n/.exec(output)?.[1]) };
}

test("a broker killed and started again has its clients and their subscriptions back within 3 s", async () => {
  const first = await brokerProcess(await freePort());
  const device = watch(first.port, [{ topic: "commands", qos: 1 }]);
  await isUp(device);
  first.child.kill("SIGKILL");
  await until("down", () => device.downs.length === 1);
  expect(await device.link.publish("events", "x", 1)).toBe(false);
  await brokerProcess(first.port);
  const back = performance.now();
  await until("up again", () => device.ups.length === 2, 3_000);
  console.log(`link back ${Math.round(performance.now() - back)} ms after the broker was ready`);
  expect(device.ups).toEqual([1, 2]);
  expect(await device.link.publish("commands", "heard", 1)).toBe(true);
  await until("heard", () => device.messages.length === 1);
});

test("refused connections and subscriptions are told in words and tried again", async () => {
  const broker = await startBroker();
  const device = watch(broker.port, [{ topic: "ev/v1/1/CP-002/commands", qos: 1 }], {
    clientId: "CP-001-engine",
  });
  await until("a line", () => device.lines.length > 0);
  expect(device.lines[0]).toMatch(/subscription to ev\/v1\/1\/CP-002\/commands refused/);
  const other = watch(broker.port, [], { clientId: "CP-#-monitor" });
  await until("a line", () => other.lines.length > 0);
  expect(other.lines[0]).toMatch(/not authorized/i);
  expect(device.ups.concat(other.ups)).toEqual([]);
});

test("attempts follow each other as closely as asked, for the few whom many wait for", async () => {
  let attempts = 0;
  const server = createServer((socket) => {
    attempts += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterwards.push(() => server.close());
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no port");
  watch(address.port, [], { reconnectMostMs: 250 });
  // At the usual pace these would take 22 s.
  await until("20 attempts", () => attempts >= 20, 10_000);
});

test("after close nothing runs on, whether connected, connecting or never answered", async () => {
  const broker = await startBroker();
  const proxy = await startProxy(() => broker.port);
  const before = resources();
  const nobody = watch(1);
  const connected = watch(broker.port);
  const deaf = watch(proxy.port);
  await isUp(connected);
  await isUp(deaf);
  proxy.mode = "hole";
  const connecting = watch(proxy.port);
  await until("refused", () => nobody.lines.length > 0);
  const unanswered = deaf.link.publish("x", "y", 1);
  const started = performance.now();
  await Promise.all([nobody, connected, deaf, connecting].map((w) => w.link.close()));
  expect(performance.now() - started).toBeLessThan(4_000);
  expect(await unanswered).toBe(false);
  proxy.cut();
  await until("no timer, no socket left", () => resources() <= before);
});

function resources(): number {
  return process.getActiveResourcesInfo().filter((name) => /TCPSocketWrap|Timeout/.test(name)).length;
}

test("TLS: the broker's certificate must come from the given authority, name its host, and not be over", async () => {
  const broker = await startBroker();
  const folder = mkdtempSync(join(tmpdir(), "ev-tls-"));
  afterwards.push(() => rmSync(folder, { recursive: true }));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const request =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost";
  execFileSync(
    "openssl",
    [...request.split(" "), "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert],
    { stdio: "ignore" },
  );
  const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (near) => {
    const far = connect(broker.port, "127.0.0.1");
    near.pipe(far).pipe(near);
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
    near.on("close", () => far.destroy());
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterwards.push(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;

  const trusting = watch(0, [], { url: `mqtts://localhost:${port}`, tls: { ca: cert } });
  await isUp(trusting);
  expect(await trusting.link.publish("x", "y", 1)).toBe(true);
  const strange = watch(0, [], { url: `mqtts://localhost:${port}` });
  const wrongHost = watch(0, [], { url: `mqtts://127.0.0.1:${port}`, tls: { ca: cert } });
  const [oldKey, oldCert] = [join(folder, "old-key.pem"), join(folder, "old-cert.pem")];
  const signing = join(folder, "old.csr");
  for (const words of [
    `req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -keyout ${oldKey} -out ${signing}`,
    `x509 -req -in ${signing} -signkey ${oldKey} -days -1 -out ${oldCert}`,
  ])
    execFileSync("openssl", words.split(" "), { stdio: "ignore" });
  const oldServer = createTlsServer({ key: readFileSync(oldKey), cert: readFileSync(oldCert) });
  oldServer.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => oldServer.listen(0, "127.0.0.1", resolve));
  afterwards.push(() => oldServer.close());
  const oldAddress = oldServer.address();
  const oldPort = typeof oldAddress === "object" && oldAddress ? oldAddress.port : 0;
  const expired = watch(0, [], { url: `mqtts://localhost:${oldPort}`, tls: { ca: oldCert } });
  const unreadable = watch(0, [], {
    url: `mqtts://localhost:${port}`,
    tls: { ca: join(folder, "none.pem") },
  });
  for (const [refused, why] of [
    [strange, /self-signed/],
    [wrongHost, /IP: 127\.0\.0\.1 is not in the cert/],
    [unreadable, /none\.pem/],
    [expired, /certificate has expired/],
  ] as const) {
    await until("refused", () => refused.lines.length > 0);
    expect(refused.lines[0]).toMatch(why);
    expect(refused.ups).toEqual([]);
  }
});

test("options that can never work are refused at once", () => {
  expect(() => watch(0, [], { url: "http://localhost" })).toThrow(/mqtt:\/\//);
  expect(() => watch(0, [], { url: "mqtt://localhost", tls: { ca: "x" } })).toThrow(/mqtts/);
});
