import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { raiseEpoch } from "../../../device-agent/monitor/identity-file.ts";
import { openInbox } from "../../../device-agent/monitor/inbox.ts";
import { numbering } from "../../../device-agent/monitor/numbering.ts";
import { watchRegistration } from "../../../device-agent/monitor/registration-file.ts";
import { Envelope, parseEnvelope, type Registration } from "../../../wire/messages/index.ts";
import { openLog, silentLog } from "../../../wire/process/log.ts";
import { until } from "../../wire/mqtt/support.ts";

const afterwards: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of afterwards.splice(0).reverse()) await step();
});
function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ev-m-"));
  afterwards.push(() => rmSync(folder, { recursive: true }));
  return folder;
}
function watchedLog() {
  const lines: string[] = [];
  return { lines, log: openLog("CP_M:T", (line) => lines.push(line)) };
}

test("each start raises the epoch of the same journal, on the disk before it is told", () => {
  const path = join(freshFolder(), "state", "monitor.json");
  const first = raiseEpoch(path, silentLog);
  expect(first.epoch).toBe(1);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(first);
  expect(raiseEpoch(path, silentLog)).toEqual({ journal: first.journal, epoch: 2 });
  expect(existsSync(`${path}.new`)).toBe(false);
});

test.each(["", "{", '{"journal":"X","epoch":1}', '{"journal":"0123456789ab","epoch":-1}'])(
  "a damaged state file (%s) begins a new journal, and the log says so",
  (text) => {
    const path = join(freshFolder(), "monitor.json");
    const first = raiseEpoch(path, silentLog);
    writeFileSync(path, text);
    const { lines, log } = watchedLog();
    const next = raiseEpoch(path, log);
    expect(next.epoch).toBe(1);
    expect(next.journal).not.toBe(first.journal);
    expect(lines[0]).toMatch(/damaged .*new journal/);
  },
);

test("a state file that a kill left half written beside the good one changes nothing", () => {
  const path = join(freshFolder(), "monitor.json");
  const first = raiseEpoch(path, silentLog);
  writeFileSync(`${path}.new`, '{"jour');
  expect(raiseEpoch(path, silentLog)).toEqual({ journal: first.journal, epoch: 2 });
});

test("a state that cannot be stored is an error, not a start without one", () => {
  expect(() => raiseEpoch("/proc/monitor.json", silentLog)).toThrow();
});

test("every message takes the next number, and prev names the one before on the same Kafka topic", () => {
  const envelope = numbering({ cp: "CP-001", journal: "0123456789ab", epoch: 4 });
  const at = { boot: "b", mono: 1, wall: 2, synced: true };
  const made = ["will", "registration", "status", "status", "registration", "will"].map((type) => {
    const { seq, payload } = envelope(type, at, {});
    const parsed = parseEnvelope(Buffer.from(payload));
    expect(parsed.ok && Envelope.parse(parsed.value).seq).toBe(seq);
    return parsed.ok ? [parsed.value.type, parsed.value.seq, parsed.value.prev] : parsed.reason;
  });
  expect(made).toEqual([
    ["will", 1, 0],
    ["registration", 2, 0],
    ["status", 3, 1],
    ["status", 4, 3],
    ["registration", 5, 2],
    ["will", 6, 4],
  ]);
});

const place: Registration = {
  name: "Harbour",
  address: "Quay 1",
  city: "Valencia",
  latitude: 39.4,
  longitude: -0.3,
  connectorType: "CCS2",
  amenities: [],
  powerW: 50_000,
  priceE5PerKwh: 35_000,
  currency: "EUR",
};

test("a registration file is told when valid and when it changes; a wrong edit is logged and changes nothing", async () => {
  const path = join(freshFolder(), "registration.json");
  const told: Registration[] = [];
  const { lines, log } = watchedLog();
  afterwards.push(watchRegistration(path, (contents) => told.push(contents), log));
  expect(lines[0]).toMatch(/not registered yet/);
  writeFileSync(path, JSON.stringify(place));
  await until("the first", () => told.length === 1);
  writeFileSync(path, JSON.stringify({ ...place, priceE5PerKwh: -1 }));
  await until("the complaint", () => lines.some((line) => /priceE5PerKwh.*keeping the old one/.test(line)));
  const cheaper = { ...place, priceE5PerKwh: 30_000 };
  writeFileSync(`${path}.x`, JSON.stringify(cheaper));
  renameSync(`${path}.x`, path);
  await until("the second", () => told.length === 2);
  expect(told).toEqual([place, cheaper]);
});

test("the inbox keeps order and its bound, and waits no longer than asked", async () => {
  const inbox = openInbox<number>(2);
  expect([inbox.put(1), inbox.put(2), inbox.put(3)]).toEqual([true, true, false]);
  expect([await inbox.take(0), await inbox.take(0), await inbox.take(10)]).toEqual([1, 2, undefined]);
  const waiting = inbox.take(5_000);
  inbox.put(4);
  expect(await waiting).toBe(4);
});
