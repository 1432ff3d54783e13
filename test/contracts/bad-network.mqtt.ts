// Our MQTT link with a device's journal at one end and a table at the other, over a network that misbehaves under load:
// what the table acknowledges is in it once, the journal loses nothing, and all is as before soon after the fault ends.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { openPublisher } from "../../device-agent/journal/publisher.ts";
import { openJournalFile } from "../../device-agent/journal/sqlite-journal.ts";
import { fairWeather } from "../../simulator/faults/tcp-flow.ts";
import { openTcpProxy, type TcpProxy } from "../../simulator/faults/tcp-proxy.ts";
import { AckMessage, mqttTopics, parseEnvelope } from "../../wire/messages/index.ts";
import { type LinkOptions, openLink } from "../../wire/mqtt/index.ts";
import { silentLog } from "../../wire/process/log.ts";
import { systemTimers } from "../../wire/process/timers.ts";
import { ackMessages } from "../support/ack-messages.ts";
import { until } from "../wire/mqtt/support.ts";
import { type Ledger, openLedger } from "./bad-network.ledger.ts";
import { expectNothingLeft, failOnUnhandledRejections, held, sayBack } from "./bad-network.watch.ts";

export interface MqttUnderTest {
  /** Address and certificate of a client. */
  reach(clientId: string): Promise<Pick<LinkOptions, "url" | "tls">>;
}

const cps = ["CP-001", "CP-002", "CP-003"];
const bridge = "bridge-contract";
/** Short, so that a dead line is found while the test waits. */
const keepaliveS = 2;
const everyMs = 20;

interface Road {
  toDevices: TcpProxy;
  toBridge: TcpProxy;
  ledger: Ledger;
  devices: Device[];
  bridgeUps(): number;
}

interface Device {
  cp: string;
  /** Numbers told so far. */
  told(): number;
  unacknowledged(): number;
  connections(): number;
  connected(): boolean;
  /** When each number was told. */
  toldMs: number[];
  rest(): void;
  end(): Promise<void>;
}

export function badMqttNetwork(name: string, broker: MqttUnderTest): void {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function reachThrough(proxy: TcpProxy, clientId: string) {
    const { url, tls } = await broker.reach(clientId);
    const through = new URL(url);
    through.port = String(proxy.port);
    return { url: through.href, ...(tls && { tls }), clientId, cleanSession: true, keepaliveS };
  }

  /** A device that tells something every few milliseconds, from its journal. */
  async function openDevice(cp: string, proxy: TcpProxy, folder: string): Promise<Device> {
    const journal = openJournalFile(join(folder, `${cp}.db`)).journalOf(cp);
    const topic = mqttTopics.engineEvents(cp);
    const toldMs: number[] = [];
    const reach = await reachThrough(proxy, `${cp}-engine`);
    const publisher = openPublisher(
      journal,
      (payload) => void link.publish(topic, payload, 1),
      () => performance.now(),
      systemTimers,
      Math.random,
    );
    const link = openLink(
      reach,
      [{ topic: mqttTopics.acks(cp), qos: 0 }],
      {
        up: () => publisher.link(true),
        down: () => publisher.link(false),
        message: (_, payload) =>
          publisher.settle(AckMessage.parse(JSON.parse(Buffer.from(payload).toString()))),
      },
      silentLog,
    );
    const timer = setInterval(() => {
      toldMs.push(performance.now());
      const body = { n: toldMs.length, text: "x".repeat(toldMs.length % 300) };
      const at = { boot: "b", mono: toldMs.length, wall: 0, synced: false };
      journal.commit(undefined, [{ type: "connector", at, body }], false);
      publisher.pump();
    }, everyMs);
    const device: Device = {
      cp,
      told: () => toldMs.length,
      unacknowledged: () => journal.backlog,
      connections: () => link.connection,
      connected: () => link.connected,
      toldMs,
      rest: () => clearInterval(timer),
      async end() {
        clearInterval(timer);
        publisher.stop();
        await link.close();
        journal.close();
      },
    };
    ends.push(() => device.end());
    return device;
  }

  /** The other end: books what arrives, then names it in an acknowledgement. */
  async function openTable(
    proxy: TcpProxy,
    ledger: Ledger,
  ): Promise<{ ups(): number; connected(): boolean; end(): Promise<void> }> {
    let ups = 0;
    let last: Promise<void> = Promise.resolve();
    const link = openLink(
      // As the bridge does: what devices say before it is back they have to say again.
      { ...(await reachThrough(proxy, bridge)), reconnectMostMs: 400 },
      [{ topic: mqttTopics.allEngineEvents, qos: 1 }],
      {
        up: () => {
          ups += 1;
        },
        down() {},
        message(_, payload) {
          const parsed = parseEnvelope(payload);
          if (!parsed.ok) throw new Error(parsed.reason);
          const { cp, seq, body } = parsed.value;
          last = last.then(async () => {
            await ledger.book([{ key: cp, n: seq, text: JSON.stringify(body) }]);
            for (const ack of ackMessages([parsed.value])) void link.publish(ack.topic, ack.payload, 0);
          });
        },
      },
      silentLog,
    );
    const end = async () => {
      await link.close();
      await last;
    };
    ends.push(end);
    return { ups: () => ups, connected: () => link.connected, end };
  }

  async function onTheRoad(fault: string, play: (road: Road) => Promise<void>): Promise<void> {
    const port = Number(new URL((await broker.reach(bridge)).url).port);
    const [toDevices, toBridge] = await Promise.all([openTcpProxy({ port }), openTcpProxy({ port })]);
    const folder = mkdtempSync(join(tmpdir(), "bad-network-"));
    const ledger = openLedger();
    ends.push(
      () => rmSync(folder, { recursive: true }),
      () => ledger.close(),
      () => toDevices.close(),
      () => toBridge.close(),
    );
    const before = held();
    const table = await openTable(toBridge, ledger);
    const devices = await Promise.all(cps.map((cp) => openDevice(cp, toDevices, folder)));
    await until("everything flows", () => cps.every((cp) => ledger.mark(cp) > 5), 20_000);
    const busy = held();

    await play({ toDevices, toBridge, ledger, devices, bridgeUps: table.ups });
    const endedMs = performance.now();
    const firstOf = ({ toldMs }: Device) => toldMs.findIndex((ms) => ms > endedMs) + 1;
    const bookedMs = (device: Device) => ledger.bookedMs(device.cp, firstOf(device));
    await until("all are connected", () => [table, ...devices].every((one) => one.connected()), 20_000);
    sayBack(name, fault, { links: performance.now() - endedMs });
    // What was published to nobody waits until the oldest of it is told again, 2 to 4 s; some patience for a busy machine.
    await until("something new of each is booked", () => devices.every(bookedMs), 8_000);
    const newest = Math.max(...devices.map((device) => bookedMs(device) ?? Number.NaN));
    process.stderr.write(
      `${name}, ${fault}: new events in the table after ${Math.round(newest - endedMs)} ms\n`,
    );
    await until("no more connections than before", () => held().sockets <= busy.sockets, 10_000);

    for (const device of devices) device.rest();
    await until(
      "every journal is acknowledged",
      () => devices.every((one) => one.unacknowledged() === 0),
      30_000,
    );
    for (const device of devices) {
      const texts = device.toldMs.map((_, i) =>
        JSON.stringify({ n: i + 1, text: "x".repeat((i + 1) % 300) }),
      );
      expect(await ledger.texts(device.cp)).toEqual(texts);
      expect(ledger.mark(device.cp)).toBe(device.told());
    }
    await Promise.all([table.end(), ...devices.map((device) => device.end())]);
    await expectNothingLeft(before);
  }

  describe(`MQTT over a bad network: ${name}`, { timeout: 120_000 }, () => {
    failOnUnhandledRejections();

    test("packets cut in their middle, both ways, at either end", async () => {
      await onTheRoad("cuts", async ({ toDevices, toBridge, devices, bridgeUps }) => {
        const connections = () => devices.reduce((sum, device) => sum + device.connections(), 0);
        for (const [proxy, count] of [
          [toDevices, connections],
          [toBridge, bridgeUps],
        ] as const)
          for (const of of ["requests", "answers"] as const)
            for (const bytes of [1, 700]) {
              const seen = count();
              proxy.cutAfterBytes(bytes, of);
              await until("it is connected anew", () => count() > seen);
            }
      });
    });

    test("lost answers: events that the broker has and the device does not know of", async () => {
      await onTheRoad("lost answers", async ({ toDevices }) => {
        let asked = 0;
        let lost = 0;
        toDevices.loseAnswerTo(() => {
          if (lost === 6 || ++asked % 40 !== 0) return false;
          lost += 1;
          return true;
        });
        await until("six are lost", () => lost === 6, 15_000);
        toDevices.loseAnswerTo(undefined);
      });
    });

    test.each([["both"], ["answers"]] as const)("a black hole that swallows %s", async (lost) => {
      await onTheRoad(`black hole of ${lost} until it is noticed`, async ({ toDevices, toBridge }) => {
        const made = { devices: toDevices.accepted, bridge: toBridge.accepted };
        toDevices.blackHole(lost);
        toBridge.blackHole(lost);
        const noticed = () =>
          toDevices.accepted >= made.devices + cps.length && toBridge.accepted > made.bridge;
        await until("everybody tries anew", noticed, 10_000);
        for (const proxy of [toDevices, toBridge]) {
          proxy.heal();
          // An attempt into the hole would go on by itself: TCP repeats its first packet, the proxy does not.
          proxy.cutDead();
        }
      });
    });

    test("bytes held back for two seconds, that arrive all the same", async () => {
      await onTheRoad("held for 2 s", async ({ toDevices, toBridge }) => {
        toDevices.hold();
        toBridge.hold();
        await delay(2_000);
        toDevices.heal();
        toBridge.heal();
      });
    });

    test("a slow line that loses packets", async () => {
      await onTheRoad("slow and lossy", async ({ toDevices, toBridge, ledger }) => {
        for (const proxy of [toDevices, toBridge]) proxy.weather({ delayMs: 60, lossPercent: 3 });
        const marks = cps.map((cp) => ledger.mark(cp) + 60);
        await until("it flows slowly", () => cps.every((cp, i) => ledger.mark(cp) > (marks[i] ?? 0)), 20_000);
        for (const proxy of [toDevices, toBridge]) proxy.weather(fairWeather);
      });
    });

    test("a line that breaks five times a second and lets nobody in between", async () => {
      await onTheRoad("breaks", async ({ toDevices, toBridge }) => {
        for (let round = 0; round < 15; round++) {
          const proxy = round % 2 === 0 ? toDevices : toBridge;
          if (round % 4 < 2) proxy.refuse();
          proxy.cutAll();
          await delay(200);
          proxy.heal();
        }
      });
    });
  });
}
