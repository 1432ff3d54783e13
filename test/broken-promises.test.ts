// What the system this one derives from promised and did not keep; each promise with its name, from the driver's or
// operator's side, over the production cores from request to relay.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readUplink } from "../bridge/uplink.rules.ts";
import { createHandler } from "../central-fn/on-event/batch.ts";
import { type TransitionRow, partitions as tablePartitions } from "../central-fn/tables/rows.ts";
import { openSqliteTable } from "../central-fn/tables/sqlite.ts";
import type { OutRecord } from "../wire/kafka/port.ts";
import { type Envelope, mqttTopics, partitionOf } from "../wire/messages/index.ts";
import { silentLog } from "../wire/process/log.ts";
import { nowMs, openCentral } from "./central-fn/api/central.ts";
import { Story as CentralStory, startedBody } from "./central-fn/on-event/story.ts";
import { SmallNetwork } from "./support/small-network.ts";

const alice = "driver-alice";
const bob = "driver-bob";
const operator = "operator-olga";

test("after an engine crash in mid-session the charge point is available again, and the driver is told", async () => {
  const network = new SmallNetwork(1);
  const sid = await network.charging(alice, "CP-001");
  const device = network.device("CP-001");
  device.killEngine();
  network.run(180);
  expect(await network.state("CP-001")).toBe("BROKEN");
  expect((await network.told(alice)).at(-1)).toMatchObject({
    type: "ALERT",
    message: expect.stringContaining("interrupted"),
  });
  device.startEngine();
  network.run(120);
  expect(await network.state("CP-001")).toBe("ON");
  expect(device.box.relay).toBe(false);
  const session = await network.session(alice, sid);
  expect(session).toMatchObject({ status: "COMPLETED" });
  expect(network.bills()).toMatchObject([{ sid, stopReason: "Reboot" }]);
  // At the charger's own meter: what flowed while nobody watched is in the bill.
  expect(session.energy_kwh).toBeCloseTo(device.box.trueWs / 3_600_000, 2);
  expect((await network.told(alice)).at(-1)?.message).toContain("completed");
  device.box.unplug();
  network.run(30);
  await network.charging(bob, "CP-001");
  expect(network.bills()).toHaveLength(1);
});

test("a monitor lost in mid-session does not leave the session open for ever", async () => {
  const network = new SmallNetwork(1);
  const sid = await network.charging(alice, "CP-001");
  const device = network.device("CP-001");
  device.monitor.kill();
  network.run(300);
  expect(await network.state("CP-001")).toBe("DISCONNECTED");
  expect(device.box.relay, "the session runs on").toBe(true);
  device.box.unplug();
  network.run(60);
  expect(await network.session(alice, sid)).toMatchObject({ status: "COMPLETED" });
  expect(network.bills()).toMatchObject([{ sid, stopReason: "EVDisconnected" }]);
  expect(network.central.cpRow("CP-001")?.claim).toBe(null);
  expect((await network.told(alice)).at(-1)?.message).toContain("completed");
});

test("a short blip of the monitor does not leave the charge point unavailable", async () => {
  const network = new SmallNetwork(1);
  const { monitor } = network.device("CP-001");
  monitor.kill();
  network.run(30);
  expect(await network.state("CP-001")).toBe("DISCONNECTED");
  monitor.start();
  network.run(90);
  expect(await network.state("CP-001")).toBe("ON");
  await network.charging(alice, "CP-001");
});

test("a dead monitor is noticed although nobody looks", () => {
  const network = new SmallNetwork(1);
  const heardMs = network.world.nowMs;
  // Its connection stays: no last will tells of it.
  network.device("CP-001").monitor.paused = true;
  network.run(400);
  const last = network.central.table.queryNow<TransitionRow>(tablePartitions.history("CP-001")).at(-1)?.value;
  expect(last).toMatchObject({ from: "ON", to: "DISCONNECTED", cause: "no report for 150 s" });
  expect(last?.atMs, "dated when the last report ran out, not when it was seen").toBeLessThan(
    heardMs + 160_000,
  );
  expect(network.lines.some((line) => line.includes("CP CP-001 disconnected (no report for 150 s)"))).toBe(
    true,
  );
});

test("a restart of Central forgets no running session and lets no second driver in", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ev-central-"));
  const url = join(folder, "central.db");
  const sent: OutRecord[] = [];
  const producer = {
    send: async (records: readonly OutRecord[]) => {
      sent.push(...records);
    },
  };
  // The records as they stand in Kafka; the story only writes them.
  const story = new CentralStory();
  story.nowMs = nowMs;
  const sid = "S-CP-001-00000000000000aa";
  const secondSid = "S-CP-001-00000000000000bb";
  const ask = (id: string, driver: string) =>
    story.record("driver.requests", {
      v: 1,
      type: "start",
      sid: id,
      driver,
      cp: "CP-001",
      vehicleId: "VEH-001",
      requestedAt: nowMs,
      expiresAt: nowMs + 60_000,
    });
  const before = [story.register(), story.hello(), story.status("OK"), ask(sid, alice)];
  story.canary();
  const canary = story.record("cp.status", {
    v: 1,
    type: "canary",
    feed: partitionOf("CP-001", 8),
    bridge: "b",
    n: 1,
  });

  /** A life of Central: its handlers on the same file, then its API. */
  async function live(
    records: typeof before,
    look: (central: ReturnType<typeof openCentral>) => Promise<void>,
  ) {
    const table = openSqliteTable(url);
    const handler = createHandler({ table, producer, partitions: 8, log: silentLog, nowMs: () => nowMs });
    for (const { topic, partition, offset, timestampMs, value } of records) {
      const record = {
        topic,
        partition,
        offset,
        timestamp: timestampMs,
        timestampType: "CREATE_TIME",
        value: Buffer.from(value).toString("base64"),
        headers: [],
      };
      const answer = await handler({ eventSource: "test", records: { [`${topic}-${partition}`]: [record] } });
      expect(answer.batchItemFailures).toEqual([]);
    }
    const central = openCentral({ table });
    await look(central);
    await central.close();
  }

  try {
    await live([...before, canary], async () => {});
    const command = JSON.parse(
      String(sent.find(({ value }) => String(value).includes("start-supply"))?.value),
    );
    expect(command).toMatchObject({ op: "start-supply", sid });
    const grant = {
      sid,
      driver: alice,
      vehicleId: "VEH-001",
      cmdId: command.cmdId,
      fence: command.fence,
      tariff: command.tariff,
    };
    await live([story.event("session.started", startedBody(grant, nowMs))], async () => {});
    await live([ask(secondSid, bob)], async (central) => {
      const read = async (who: string | null, path: string) => (await central.call(who, "GET", path)).json();
      expect(await read(null, "/cp/CP-001")).toMatchObject({
        engine_state: "SUPPLYING",
        connector_status: "Occupied",
      });
      expect(await read(alice, `/drivers/${alice}/sessions/current`)).toMatchObject({
        session_id: sid,
        status: "CHARGING",
      });
      expect(await read(bob, `/drivers/${bob}/requests/${secondSid}`)).toMatchObject({
        status: "DENIED",
        reason: "the charging point is occupied",
      });
    });
    expect(
      sent
        .filter(({ topic }) => topic === "central.commands")
        .map(({ value }) => JSON.parse(String(value)).sid),
    ).not.toContain(secondSid);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a restarted driver gets the messages missed meanwhile", async () => {
  const network = new SmallNetwork(1);
  const sid = await network.charging(alice, "CP-001");
  const seen = (await network.told(alice)).at(-1)?.sequence ?? 0;
  // The phone is dead: nobody reads. The car leaves, the session ends, the next request is refused.
  network.device("CP-001").box.unplug();
  network.run(60);
  network.device("CP-001").killEngine();
  network.run(120);
  await network.request(alice, "CP-001");
  network.run(10);
  const missed = await network.told(alice, seen);
  expect(missed.map(({ sequence }) => sequence)).toEqual([seen + 1, seen + 2]);
  expect(missed.map(({ message }) => message)).toEqual([
    expect.stringContaining("completed"),
    expect.stringContaining("refused: the charging point is broken"),
  ]);
  expect(await network.session(alice, sid)).toMatchObject({ status: "COMPLETED" });
});

test("a redelivered request is not accepted and then denied", async () => {
  const network = new SmallNetwork(1);
  const sid = await network.charging(alice, "CP-001");
  const records = network.kafka.all("driver.requests");
  for (const record of [...records, ...records]) network.kafka.append(record);
  network.run(30);
  expect(await network.session(alice, sid)).toMatchObject({ status: "CHARGING" });
  const messages = (await network.told(alice)).map(({ message }) => message);
  expect(messages.filter((message) => message.includes("accepted"))).toHaveLength(1);
  expect(messages.some((message) => message.includes("refused"))).toBe(false);
  const started = network.kafka
    .all("central.commands")
    .filter(({ value }) => value.includes('"start-supply"'));
  expect(new Set(started.map(({ value }) => JSON.parse(value).cmdId)).size).toBe(1);
});

test("a refused start is not silent", async () => {
  const network = new SmallNetwork(1);
  await network.charging(alice, "CP-001");
  const occupied = await network.request(bob, "CP-001");
  network.run(5);
  const denied = await network.ask(bob, "GET", `/drivers/${bob}/requests/${occupied}`);
  expect(denied.body).toMatchObject({ status: "DENIED", reason: "the charging point is occupied" });
  expect((await network.told(bob)).at(-1)?.message).toContain("refused: the charging point is occupied");

  // Refused by the device itself: the driver hears that too, and is free.
  network.device("CP-001").box.unplug();
  network.run(60);
  network.device("CP-001").disk.full = true;
  const full = await network.request(bob, "CP-001");
  network.run(10);
  expect(await network.session(bob, full)).toMatchObject({ status: "DENIED", reason: "disk full" });
  expect((await network.told(bob)).at(-1)?.message).toContain("refused: disk full");
  expect(network.central.cpRow("CP-001")?.claim).toBe(null);
});

test("stop reaches the charge point: a driver's, an operator's of a session, and of the point", async () => {
  const network = new SmallNetwork(1);
  const { box } = network.device("CP-001");
  const again = async () => {
    box.unplug();
    network.run(30);
    return await network.charging(alice, "CP-001");
  };
  const first = await network.charging(alice, "CP-001");
  expect((await network.ask(alice, "POST", `/drivers/${alice}/sessions/${first}/stop`)).status).toBe(200);
  network.run(10);
  expect(box.relay).toBe(false);
  expect(await network.session(alice, first)).toMatchObject({ status: "COMPLETED" });
  expect(network.bills()).toMatchObject([{ sid: first, stopReason: "Remote" }]);

  const second = await again();
  expect((await network.ask(operator, "POST", `/sessions/${second}/stop`)).status).toBe(202);
  network.run(10);
  expect(box.relay).toBe(false);

  await again();
  expect((await network.ask(operator, "POST", "/cp/CP-001/stop")).status).toBe(202);
  network.run(10);
  expect(box.relay).toBe(false);
  expect((await network.ask(null, "GET", "/cp/CP-001")).body).toMatchObject({ engine_state: "STOPPED" });
  expect(network.bills()).toHaveLength(3);
});

test("a charge point added at run time is visible to drivers and can be used at once", async () => {
  const network = new SmallNetwork(1);
  const list = async () => (await network.ask<{ cp_id: string }[]>(bob, "GET", "/charging-points")).body;
  expect((await list()).map(({ cp_id }) => cp_id)).toEqual(["CP-001"]);
  network.add("CP-011", 40_000, { powerW: 150_000, city: "Elche" });
  network.run(120);
  expect(await list()).toMatchObject([
    { cp_id: "CP-001" },
    { cp_id: "CP-011", status: "FREE", power_kw: 150, price_eur_per_kwh: 0.4, location: { city: "Elche" } },
  ]);
  await network.charging(bob, "CP-011");
});

test("prices are each charge point's own, in the list and in the bill", async () => {
  const network = new SmallNetwork(2);
  const list = (await network.ask<{ price_eur_per_kwh: number }[]>(alice, "GET", "/charging-points")).body;
  expect(list.map(({ price_eur_per_kwh }) => price_eur_per_kwh)).toEqual([0.29, 0.3]);
  for (const [driver, cp] of [
    [alice, "CP-001"],
    [bob, "CP-002"],
  ] as const) {
    await network.charging(driver, cp);
    network.device(cp).box.unplug();
    network.run(60);
  }
  const bills = network.bills().sort((a, b) => (a.cp < b.cp ? -1 : 1));
  expect(bills.map(({ tariff }) => tariff.priceE5PerKwh)).toEqual([29_000, 30_000]);
  for (const { energyWh, tariff, amountMinor } of bills)
    expect(amountMinor).toBe(Math.floor((energyWh * tariff.priceE5PerKwh) / 1_000_000 + 0.5));
});

test("an unknown charge point is 404", async () => {
  const network = new SmallNetwork(1);
  for (const [who, method, path, body] of [
    [null, "GET", "/cp/CP-999"],
    [alice, "GET", "/charging-points/CP-999"],
    [alice, "POST", `/drivers/${alice}/requests`, { cp_id: "CP-999", vehicle_id: "VEH-001" }],
    [operator, "POST", "/cp/CP-999/stop"],
    [operator, "GET", "/cp/CP-999/faults"],
  ] as const) {
    const answer = await network.ask(who, method, path, body);
    expect([path, answer.status, answer.body.title]).toEqual([path, 404, "Not Found"]);
  }
});

test("without authentication nothing personal is read and nothing is changed: 401", async () => {
  const network = new SmallNetwork(1);
  const before = network.kafka.appended;
  for (const [method, path] of [
    ["GET", "/charging-points"],
    ["POST", `/drivers/${alice}/requests`],
    ["GET", `/drivers/${alice}/sessions/history`],
    ["GET", `/drivers/${alice}/notifications`],
    ["POST", "/cp/CP-001/stop"],
    ["GET", "/sessions"],
    ["GET", "/cdrs"],
    ["POST", "/reviews/S-CP-001-0000000000000001"],
  ] as const)
    expect([
      path,
      (await network.ask(null, method, path, method === "POST" ? {} : undefined)).status,
    ]).toEqual([path, 401]);
  expect(network.kafka.appended).toBe(before);
  const open = (await network.ask(null, "GET", "/cp")).body;
  expect(JSON.stringify(open)).not.toContain("driver");
});

test("a charge point's id cannot carry script: refused at the API and on the device's line, and pages set text only", async () => {
  const network = new SmallNetwork(1);
  const id = "CP-001<img src=x onerror=alert(1)>";
  const asked = await network.ask(alice, "POST", `/drivers/${alice}/requests`, {
    cp_id: id,
    vehicle_id: "VEH-001",
  });
  expect([asked.status, (await network.ask(null, "GET", `/cp/${encodeURIComponent(id)}`)).status]).toEqual([
    400, 400,
  ]);

  const event: Partial<Envelope> = {
    v: 1,
    cp: id,
    src: "monitor",
    journal: "aaaaaaaa-0001",
    epoch: 1,
    seq: 1,
    prev: 0,
    type: "registration",
  };
  const payload = Buffer.from(
    JSON.stringify({ ...event, at: { boot: "b", mono: 1, wall: 1, synced: true }, body: {} }),
  );
  const settings = { partitions: 2, bridgeId: "b" };
  expect(readUplink(`ev/v1/0/${id}/monitor/events`, payload, 1, settings).is).not.toBe("event");
  expect(readUplink(mqttTopics.monitorEvents("CP-001"), payload, 1, settings).is).toBe("dead-letter");

  const pages = join(import.meta.dirname, "../central-fn/pages");
  const sources = readdirSync(pages, { recursive: true, encoding: "utf8" }).filter((file) =>
    /\.tsx?$/.test(file),
  );
  expect(sources.length).toBeGreaterThan(30);
  for (const file of sources)
    expect([file, readFileSync(join(pages, file), "utf8")]).not.toEqual([
      file,
      expect.stringMatching(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b/i),
    ]);
});

test("an engine reads only its own commands", async () => {
  const network = new SmallNetwork(2);
  const [one, two] = network.devices;
  const told: string[] = [];
  for (const device of network.devices) {
    const { client } = device;
    if (!client) throw new Error("not connected");
    const receive = client.receive.bind(client);
    client.receive = (topic, payload) => {
      told.push(`${device.cp} ${topic}`);
      receive(topic, payload);
    };
  }
  await network.charging(alice, "CP-001");
  expect(told).toContain(`CP-001 ${mqttTopics.commands("CP-001")}`);
  expect(told.filter((line) => line.startsWith("CP-001") !== line.includes("/CP-001/"))).toEqual([]);

  // And one that came to the wrong engine all the same is not obeyed.
  const command = network.kafka.all("central.commands").find(({ value }) => value.includes('"start-supply"'));
  two?.engine?.onCommandBytes(Buffer.from(command?.value ?? ""));
  network.run(20);
  expect(one?.box.relay).toBe(true);
  expect(two?.engine?.state.durable.session).toBe(null);
  expect(network.lines.some((line) => line.includes("command ignored: it is for CP-001"))).toBe(true);
});
