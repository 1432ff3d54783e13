// What every MQTT broker under this system does, whichever stands behind the address: Mosquitto with certificates or
// the embedded broker with passwords. Where the two differ, the difference is named and each is held to its own side.
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import mqtt from "mqtt";
import { afterEach, describe, expect, test } from "vitest";
import { maxPacketBytes } from "../../simulator/brokers/mqtt/broker.ts";
import { mqttTopics } from "../../wire/messages/index.ts";
import { type LinkOptions, openLink, type Subscription } from "../../wire/mqtt/index.ts";
import { silentLog } from "../../wire/process/log.ts";
import { until } from "../wire/mqtt/support.ts";

export type Reach = Pick<LinkOptions, "url" | "tls" | "password">;

export interface MqttUnderTest {
  /** Address, and certificate or password, of a client that is known. */
  reach(clientId: string): Promise<Reach>;
  /** What happens to a publication that is not allowed; it reaches nobody in any case. */
  refusedPublication: "its sender is cut" | "it is acknowledged and dropped";
  /** Whether a subscription that is not allowed is refused at once, or granted and never served. */
  refusedSubscription: "refused" | "never served";
  /** Whether a will for somebody else's topic keeps its client out, or is dropped when its time comes. */
  foreignWill: "keeps its client out" | "is dropped";
  /** Ends what this client has: it is cut and refused. */
  revoke(clientId: string): Promise<void>;
  /** Gives it new ones, where `reach` says. */
  renew(clientId: string): Promise<void>;
  /** Bytes that one newcomer sends who is none: the broker's port gets them again and again. */
  strange: readonly Buffer[];
  /** Ends the broker with SIGKILL. */
  kill9(): Promise<void>;
  /** On the same address; resolves when it lets clients in. */
  restart(): Promise<void>;
}

const cp = "CP-001";
const events = mqttTopics.engineEvents(cp);
const commands = mqttTopics.commands(cp);
const acks = mqttTopics.acks(cp);
const bridgeSubscriptions: Subscription[] = [
  { topic: mqttTopics.allEngineEvents, qos: 1 },
  { topic: mqttTopics.allMonitorEvents, qos: 1 },
];

export function mqttLinkContract(name: string, broker: MqttUnderTest): void {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  /** A link of ours, with all that it hears. */
  async function link(clientId: string, subscriptions: Subscription[] = [], more: Partial<LinkOptions> = {}) {
    const seen = { ups: 0, downs: 0, heard: [] as string[], bytes: [] as number[] };
    const one = openLink(
      { ...(await broker.reach(clientId)), clientId, cleanSession: true, keepaliveS: 10, ...more },
      subscriptions,
      {
        up: () => {
          seen.ups += 1;
        },
        down: () => {
          seen.downs += 1;
        },
        message: (topic, payload) => {
          seen.heard.push(`${topic} ${Buffer.from(payload).toString("utf8", 0, 60)}`);
          seen.bytes.push(payload.byteLength);
        },
      },
      silentLog,
    );
    ends.push(() => one.close());
    return { link: one, seen };
  }
  async function upLink(...args: Parameters<typeof link>) {
    const one = await link(...args);
    await until(`${args[0]} is up`, () => one.link.connected, 10_000);
    return one;
  }
  /** mqtt.js as it is, for what our link leaves out: retained messages, refused subscriptions. */
  async function raw(clientId: string, more: Partial<mqtt.IClientOptions> = {}) {
    const { url, tls, password } = await broker.reach(clientId);
    const client = mqtt.connect(url, {
      clientId,
      ...(password && { username: clientId, password }),
      protocolVersion: 4,
      reconnectPeriod: 0,
      ...(tls?.ca && { ca: readFileSync(tls.ca) }),
      ...(tls?.cert && { cert: readFileSync(tls.cert) }),
      ...(tls?.key && { key: readFileSync(tls.key) }),
      ...more,
    });
    const messages: { topic: string; text: string; retain: boolean }[] = [];
    client.on("message", (topic, payload, { retain }) => {
      messages.push({ topic, text: payload.toString(), retain });
    });
    client.on("error", () => {});
    ends.push(() => client.endAsync(true));
    await until(`${clientId} is connected`, () => client.connected, 10_000);
    return { client, messages };
  }

  describe(`MQTT: ${name}`, { timeout: 60_000 }, () => {
    test("a publication with QoS 1 is answered, and reaches its subscribers once, in order, as it was", async () => {
      const bridge = await upLink("bridge-contract", bridgeSubscriptions);
      const device = await upLink("CP-001-engine");
      const texts = Array.from({ length: 200 }, (_, n) => `${n} ñ`);
      expect(await Promise.all(texts.map((text) => device.link.publish(events, text, 1)))).not.toContain(
        false,
      );
      await until("all of them", () => bridge.seen.heard.length >= 200, 10_000);
      expect(bridge.seen.heard).toEqual(texts.map((text) => `${events} ${text}`));
    });

    test("a device hears its own commands and acknowledgements", async () => {
      const device = await upLink("CP-001-engine", [
        { topic: commands, qos: 1 },
        { topic: acks, qos: 0 },
      ]);
      const bridge = await upLink("bridge-contract");
      expect(await bridge.link.publish(commands, "start", 1)).toBe(true);
      expect(await bridge.link.publish(acks, "1-20", 0)).toBe(true);
      await until("both", () => device.seen.heard.length === 2);
      expect(device.seen.heard.sort()).toEqual([`${acks} 1-20`, `${commands} start`]);
    });

    test("a clean session gets nothing that was sent while it was away", async () => {
      const device = await upLink("CP-001-engine");
      const first = await upLink("bridge-contract", bridgeSubscriptions);
      await first.link.close();
      expect(await device.link.publish(events, "missed", 1)).toBe(true);
      const second = await upLink("bridge-contract", bridgeSubscriptions);
      await device.link.publish(events, "heard", 1);
      await until("a message", () => second.seen.heard.length > 0);
      expect(second.seen.heard).toEqual([`${events} heard`]);
    });

    test("a kept session gets what was sent while it was away, in order", async () => {
      const kept = { cleanSession: false };
      const device = await upLink("CP-001-engine");
      const first = await upLink("bridge-kept", bridgeSubscriptions, kept);
      await first.link.close();
      for (let n = 0; n < 20; n++) await device.link.publish(events, `${n}`, 1);
      const second = await upLink("bridge-kept", bridgeSubscriptions, kept);
      await until("all of them", () => second.seen.heard.length >= 20);
      expect(second.seen.heard).toEqual(Array.from({ length: 20 }, (_, n) => `${events} ${n}`));
      await second.link.close();
      // Leaves nothing behind for the next run.
      await (await upLink("bridge-kept")).link.close();
    });

    test("a retained message waits for whoever subscribes later, until it is taken back", async () => {
      const bridge = await raw("bridge-contract");
      await bridge.client.publishAsync(commands, "kept", { qos: 1, retain: true });
      const late = await raw("CP-001-engine");
      await late.client.subscribeAsync(commands, { qos: 1 });
      await until("the retained message", () => late.messages.length > 0);
      expect(late.messages).toEqual([{ topic: commands, text: "kept", retain: true }]);
      await bridge.client.publishAsync(commands, "now", { qos: 1 });
      await until("the live one", () => late.messages.length > 1);
      expect(late.messages[1]).toEqual({ topic: commands, text: "now", retain: false });
      await bridge.client.publishAsync(commands, "", { qos: 1, retain: true });
      await late.client.endAsync();
      const later = await upLink("CP-001-engine", [{ topic: commands, qos: 1 }]);
      await bridge.client.publishAsync(commands, "end", { qos: 1 });
      await until("the end", () => later.seen.heard.length > 0);
      expect(later.seen.heard).toEqual([`${commands} end`]);
    });

    test("the will of a client whose process is killed is published; that of one that leaves is not", async () => {
      const bridge = await upLink("bridge-contract", bridgeSubscriptions);
      const device = await clientProcess("CP-001-monitor", await broker.reach("CP-001-monitor"));
      ends.push(() => device.kill("SIGKILL"));
      device.kill("SIGKILL");
      await until("its will", () => bridge.seen.heard.length > 0, 10_000);
      expect(bridge.seen.heard).toEqual([`${mqttTopics.monitorEvents(cp)} will 1`]);
      const polite = await upLink("CP-001-monitor", [], { will: willOn(mqttTopics.monitorEvents(cp)) });
      await polite.link.close();
      await (await upLink("CP-001-monitor")).link.publish(mqttTopics.monitorEvents(cp), "the end", 1);
      await until("the end", () => bridge.seen.heard.length > 1);
      expect(bridge.seen.heard[1]).toBe(`${mqttTopics.monitorEvents(cp)} the end`);
    });

    test("a second client with the same name takes over: the first is cut, and its will is published", async () => {
      const bridge = await upLink("bridge-contract", bridgeSubscriptions);
      const topic = mqttTopics.monitorEvents(cp);
      const old = await upLink("CP-001-monitor", [], { will: willOn(topic) });
      const young = await link("CP-001-monitor", [{ topic: acks, qos: 0 }]);
      await until("the first is down", () => old.seen.downs === 1, 10_000);
      await old.link.close();
      await until("the second is up", () => young.link.connected, 10_000);
      await until("the will", () => bridge.seen.heard.length > 0);
      expect(bridge.seen.heard[0]).toBe(`${topic} will 1`);
    });

    test(`a device that publishes as another reaches nobody: ${broker.refusedPublication}`, async () => {
      const bridge = await upLink("bridge-contract", bridgeSubscriptions);
      for (const [thief, topic] of [
        ["CP-002-engine", events],
        ["CP-001-monitor", events],
        ["CP-001-engine", mqttTopics.monitorEvents(cp)],
        ["CP-001-engine", commands],
        ["CP-001-engine", "ev/v1/canary/0"],
      ] as const) {
        const { link: line, seen } = await upLink(thief);
        const taken = await line.publish(topic, "stolen", 1);
        const isCut = broker.refusedPublication === "its sender is cut";
        expect([taken, seen.downs]).toEqual(isCut ? [false, 1] : [true, 0]);
        await line.close();
      }
      const honest = await upLink("CP-001-engine");
      await honest.link.publish(events, "own", 1);
      await until("the honest one", () => bridge.seen.heard.length > 0);
      expect(bridge.seen.heard).toEqual([`${events} own`]);
    });

    test(`a subscription to what is another's is ${broker.refusedSubscription}`, async () => {
      const bridge = await upLink("bridge-contract");
      for (const [spy, topic] of [
        ["CP-002-engine", commands],
        ["CP-001-monitor", commands],
        ["CP-002-engine", "ev/v1/+/+/commands"],
        ["CP-002-engine", "#"],
        ["CP-002-engine", mqttTopics.allEngineEvents],
      ] as const) {
        const { client, messages } = await raw(spy);
        const answer = client.subscribeAsync(topic, { qos: 1 });
        if (broker.refusedSubscription === "refused") await expect(answer).rejects.toThrow();
        else await answer;
        const own = spy === "CP-001-monitor" ? acks : mqttTopics.acks("CP-002");
        await client.subscribeAsync(own, { qos: 1 });
        await bridge.link.publish(commands, "secret", 1);
        await bridge.link.publish(own, "own", 1);
        await until("its own", () => messages.length > 0);
        expect(messages.map(({ text }) => text)).not.toContain("secret");
        await client.endAsync();
      }
    });

    test(`a will for another's topic ${broker.foreignWill}`, async () => {
      const bridge = await upLink("bridge-contract", bridgeSubscriptions);
      const { link: line } = await link("CP-002-engine", [], { will: willOn(events) });
      if (broker.foreignWill === "is dropped") {
        await until("it is let in", () => line.connected);
        const heir = await upLink("CP-002-engine");
        await heir.link.publish(mqttTopics.engineEvents("CP-002"), "alive", 1);
      } else {
        const honest = await upLink("CP-003-engine");
        await honest.link.publish(mqttTopics.engineEvents("CP-003"), "alive", 1);
        expect(line.connected).toBe(false);
      }
      await line.close();
      await until("a later message", () => bridge.seen.heard.length > 0);
      expect(bridge.seen.heard.filter((text) => text.startsWith(events))).toEqual([]);
    });

    test("the largest envelope passes; a larger packet cuts its sender and nobody else", async () => {
      const bridge = await upLink("bridge-contract", bridgeSubscriptions);
      const other = await upLink("CP-002-engine");
      const device = await upLink("CP-001-engine");
      expect(await device.link.publish(events, Buffer.alloc(16_384), 1)).toBe(true);
      for (const size of [maxPacketBytes + 1, 1_000_000]) {
        await until("the device is back", () => device.link.connected, 10_000);
        expect(await device.link.publish(events, Buffer.alloc(size), 1)).toBe(false);
      }
      expect(await other.link.publish(mqttTopics.engineEvents("CP-002"), "fine", 1)).toBe(true);
      await until("the good ones", () => bridge.seen.bytes.length === 2);
      expect([bridge.seen.bytes, bridge.seen.downs, other.seen.downs, device.seen.downs]).toEqual([
        [16_384, 4],
        0,
        0,
        2,
      ]);
    });

    test("a subscriber that stops reading stops nobody else's messages", async () => {
      const frozen = await clientProcess("bridge-frozen", await broker.reach("bridge-frozen"), [
        mqttTopics.allEngineEvents,
      ]);
      ends.push(() => frozen.kill("SIGKILL"));
      const bridge = await upLink("bridge-contract", bridgeSubscriptions);
      const device = await upLink("CP-001-engine");
      frozen.kill("SIGSTOP");
      const load = Buffer.alloc(16_000);
      const count = 1_000;
      for (let sent = 0; sent < count; sent += 20) {
        const burst = Array.from({ length: 20 }, () => device.link.publish(events, load, 1));
        expect(await Promise.all(burst)).not.toContain(false);
        await until("the burst arrives", () => bridge.seen.bytes.length >= sent + 20, 10_000);
      }
      expect([bridge.seen.downs, device.seen.downs]).toEqual([0, 0]);
    });

    test("a revoked client is cut and refused, its will told and nobody else disturbed; a renewed one is back", async () => {
      const bridge = await upLink("bridge-contract", bridgeSubscriptions);
      const engine = await upLink("CP-001-engine");
      const topic = mqttTopics.monitorEvents(cp);
      const monitor = await upLink("CP-001-monitor", [], { will: willOn(topic) });
      const revokedMs = performance.now();
      await broker.revoke("CP-001-monitor");
      await until("it is cut", () => monitor.seen.downs === 1);
      // A second is what is promised; the machine may be busy.
      expect(performance.now() - revokedMs).toBeLessThan(3_000);
      await until("its will", () => bridge.seen.heard.length > 0);
      expect(bridge.seen.heard).toEqual([`${topic} will 1`]);
      const again = await link("CP-001-monitor");
      // Somebody who comes later and is let in: by then it would have been, too.
      await upLink("CP-002-engine");
      expect([monitor.link.connected, again.link.connected]).toEqual([false, false]);
      expect([bridge.seen.downs, engine.seen.downs]).toEqual([0, 0]);
      await Promise.all([monitor.link.close(), again.link.close()]);
      await broker.renew("CP-001-monitor");
      const renewed = await upLink("CP-001-monitor");
      await until("it is heard", () => {
        void renewed.link.publish(topic, "back", 1);
        return bridge.seen.heard.includes(`${topic} back`);
      });
      expect([bridge.seen.downs, engine.seen.downs]).toEqual([0, 0]);
    });

    test("a flood of newcomers from one address keeps nobody waiting who is inside, nor others who come", async () => {
      const bridge = await upLink("bridge-contract", bridgeSubscriptions);
      const device = await upLink("CP-001-engine");
      const port = Number(new URL((await broker.reach("CP-001-engine")).url).port);
      let arrivals = 0;
      let flooding = true;
      const storm = (n: number) => {
        if (!flooding) return;
        arrivals += 1;
        const socket = connect({ port, host: "127.0.0.1", localAddress: "127.0.0.9" });
        socket.on("error", () => {});
        socket.on("close", () => setTimeout(() => storm(n), 2));
        socket.resume();
        const bytes = broker.strange[n % broker.strange.length];
        if (bytes) socket.write(bytes);
        // Half of them hang about, the others come and go.
        if (n % 2 === 0) setTimeout(() => socket.destroy(), 20);
        ends.push(() => socket.destroy());
      };
      for (let n = 0; n < 200; n++) storm(n);
      await until("a flood", () => arrivals > 600, 10_000);
      const texts = Array.from({ length: 50 }, (_, n) => `${n}`);
      for (const text of texts) expect(await device.link.publish(events, text, 1)).toBe(true);
      const late = await upLink("CP-002-engine");
      flooding = false;
      await until("all of it", () => bridge.seen.heard.length === texts.length);
      expect([bridge.seen.downs, device.seen.downs, late.seen.downs]).toEqual([0, 0, 0]);
    });

    test("a device that floods with messages loses no other's for good, and throws no device off", async () => {
      const bridge = await upLink("bridge-contract", bridgeSubscriptions);
      const flood = await clientProcess("CP-009-engine", await broker.reach("CP-009-engine"), [], "flood");
      ends.push(() => flood.kill("SIGKILL"));
      const device = await upLink("CP-001-engine");
      await until("the flood arrives", () => bridge.seen.bytes.length > 5_000, 15_000);
      const missing = new Set(Array.from({ length: 100 }, (_, n) => `${n}`));
      let looked = 0;
      const allHeard = () => {
        for (; looked < bridge.seen.heard.length; looked++) {
          const text = bridge.seen.heard[looked] ?? "";
          if (text.startsWith(events)) missing.delete(text.slice(events.length + 1));
        }
        return missing.size === 0;
      };
      // As devices do: what the bridge has not heard is said again. Mosquitto acknowledges and drops what it cannot
      // queue behind a flood that comes faster than the bridge reads; that is over when the flood is.
      for (let round = 1; !allHeard(); round++) {
        expect(round).toBeLessThanOrEqual(10);
        if (round === 4) flood.kill("SIGKILL");
        for (const text of missing) expect(await device.link.publish(events, text, 1)).toBe(true);
        const roundEnds = performance.now() + 2_000;
        await until("the round", () => allHeard() || performance.now() > roundEnds, 15_000);
      }
      // A bridge behind so much that its pings are not answered in time begins anew.
      expect(device.seen.downs).toBe(0);
      // What is on its way in the broker would come to the next test's bridge.
      flood.kill("SIGKILL");
      let heard = { count: -1, atMs: performance.now() };
      await until("quiet", () => {
        const count = bridge.seen.bytes.length;
        if (count !== heard.count) heard = { count, atMs: performance.now() };
        return performance.now() - heard.atMs > 500;
      });
    });

    test("a broker that is killed and started again has its clients and their subscriptions back", async () => {
      const bridge = await upLink("bridge-contract", bridgeSubscriptions, { reconnectMostMs: 400 });
      const device = await upLink("CP-001-engine", [{ topic: commands, qos: 1 }]);
      await broker.kill9();
      await until("both are down", () => bridge.seen.downs === 1 && device.seen.downs === 1, 10_000);
      expect(await device.link.publish(events, "nowhere", 1)).toBe(false);
      await broker.restart();
      await until("both are back", () => bridge.link.connected && device.link.connected, 10_000);
      expect(await device.link.publish(events, "again", 1)).toBe(true);
      expect(await bridge.link.publish(commands, "again", 1)).toBe(true);
      await until("both hear", () => bridge.seen.heard.length > 0 && device.seen.heard.length > 0);
      expect(bridge.seen.heard).toEqual([`${events} again`]);
      expect(device.seen.heard).toEqual([`${commands} again`]);
    });
  });
}

function willOn(topic: string) {
  return (connection: number) => ({ topic, payload: `will ${connection}`, qos: 1 as const });
}

/** A client in a process of its own, connected when this resolves; its will goes to its events. */
async function clientProcess(
  clientId: string,
  reach: Reach,
  subscriptions: readonly string[] = [],
  does: "nothing" | "flood" = "nothing",
): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "mqtt-client.ts")], {
    env: {
      ...process.env,
      NODE_NO_WARNINGS: "1",
      CLIENT: JSON.stringify({ clientId, reach, subscriptions, does }),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once("data", () => resolve());
    child.once("exit", (code) => reject(new Error(`the client process ended with ${code}`)));
  });
  return child;
}
