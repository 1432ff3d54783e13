// Central as a process, between a real broker and a real file: Kafka comes late, Central is killed, nothing is lost.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import type { KafkaRecord } from "../../../central-fn/on-event/dead-letters.ts";
import { openTable } from "../../../central-fn/tables/open.ts";
import { type CdrRow, keys } from "../../../central-fn/tables/rows.ts";
import { openConsumer, openProducer } from "../../../wire/kafka/index.ts";
import { type Downlink, partitionOf } from "../../../wire/messages/index.ts";
import { silentLog } from "../../../wire/process/log.ts";
import { freePort } from "../../support/free-port.ts";
import { alice, cp, endedBody, newSid, Story } from "./story.ts";

const folder = mkdtempSync(join(tmpdir(), "ev-central-"));
const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

interface Process {
  child: ChildProcess;
  lines: string[];
  exited: Promise<number | null>;
}

function start(main: string, env: Record<string, string>): Process {
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.add(child);
  const lines: string[] = [];
  child.stdout?.on("data", (data: Buffer) => lines.push(...data.toString().split("\n")));
  const exited = new Promise<number | null>((resolve) => {
    child.on("exit", (code) => {
      children.delete(child);
      resolve(code);
    });
  });
  return { child, lines, exited };
}

async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const endMs = performance.now() + 30_000;
  while (performance.now() < endMs) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(50);
  }
  throw new Error(`waited too long for ${what}`);
}

const said = (process: Process, text: string) =>
  until(text, () => (process.lines.some((line) => line.includes(text)) ? true : undefined));

it("serves before Kafka is there, handles what queued, survives SIGKILL, and stops in order", async () => {
  const kafkaPort = await freePort();
  const env = {
    KAFKA_BOOTSTRAP: `127.0.0.1:${kafkaPort}`,
    TABLE_URL: `sqlite:${folder}/central.db`,
    TOKEN_KEY_PATH: `${folder}/token.key`,
    HTTP_PORT: String(await freePort()),
    SWEEP_INTERVAL_MS: "200",
  };
  const central = () => start("central-fn/local-main.ts", env);
  const first = central();
  await said(first, "started successfully");
  const health = await fetch(`http://127.0.0.1:${env.HTTP_PORT}/cp`);
  expect(health.status).toBe(200);

  const kafka = start("simulator/brokers/kafka/kafka-main.ts", {
    KAFKA_PORT: String(kafkaPort),
    KAFKA_DATA: join(folder, "kafka"),
  });
  await said(first, "consumer started");
  const address = { brokers: [env.KAFKA_BOOTSTRAP], clientId: "test", log: silentLog };
  const producer = openProducer(address);
  const publish = (records: KafkaRecord[]) =>
    producer.send(
      records.map((r) => ({
        topic: r.topic,
        key: cp,
        partition: r.partition,
        value: r.value,
        timestampMs: Date.now(),
      })),
    );
  const downlinks: Downlink[] = [];
  const commands = openConsumer({
    ...address,
    groupId: "bridge",
    topics: ["central.commands"],
    onBatch: async (records) => {
      for (const record of records)
        downlinks.push(JSON.parse(Buffer.from(record.value).toString()) as Downlink);
      return records.at(-1)?.offset ?? null;
    },
  });
  const command = (op: string) =>
    until(op, () => downlinks.find((one) => one.kind === "command" && one.op === op));

  const story = new Story();
  story.nowMs = Date.now();
  await publish([story.register(), story.hello(), story.status("OK")]);
  const listed = await until("the point in GET /cp", async () => {
    const response = await fetch(`http://127.0.0.1:${env.HTTP_PORT}/cp`);
    const body = (await response.json()) as { charging_points: { cp_id: string; state: string }[] };
    return body.charging_points.find((one) => one.cp_id === cp && one.state === "ON");
  });
  expect(listed.cp_id).toBe(cp);

  const sid = newSid();
  const requestedAt = Date.now();
  await publish([
    story.record("driver.requests", {
      v: 1,
      type: "start",
      sid,
      driver: alice,
      cp,
      vehicleId: "V",
      requestedAt,
      expiresAt: requestedAt + 60_000,
    }),
  ]);
  await command("start-supply");

  first.child.kill("SIGKILL");
  await first.exited;
  const tariff = { version: 1, priceE5PerKwh: 30_000, currency: "EUR" };
  const grant = { sid, driver: alice, cmdId: `${sid}-start`, fence: 1, tariff };
  const ended = story.event("session.ended", endedBody(grant, Date.now()));
  await publish([ended, ended]);
  const second = central();
  const table = await openTable(env.TABLE_URL);
  const cdr = await until("the bill", async () => (await table.get<CdrRow>(keys.cdr(alice, sid)))?.value);
  expect(cdr).toMatchObject({ amountMinor: 370 });
  expect(await table.get(keys.feeds(partitionOf(cp, 8)))).toMatchObject({
    value: { heard: { [cp]: expect.any(Number) } },
  });
  expect(await table.query("dead-letters")).toEqual([]);

  second.child.kill("SIGTERM");
  expect(await second.exited).toBe(0);
  await table.close();
  await commands.close();
  await producer.close();
  kafka.child.kill("SIGTERM");
  await kafka.exited;
}, 40_000);
