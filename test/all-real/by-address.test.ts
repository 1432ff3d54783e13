// The fleet on servers that are elsewhere, by their addresses alone: what `npm run servers -- up` starts and prints is
// all that `ev up` is told. Charge points that are added get their certificates, and so do many in one process.
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, LiveFleet } from "../support/live-fleet.ts";
import { portShift } from "../support/real-servers.ts";

const root = join(import.meta.dirname, "../..");
const dir = mkdtempSync(join(tmpdir(), "ev-servers-"));
const fleet = new LiveFleet(1_400);
const offset = String(2_000 + portShift);

/** `npm run servers -- …`: what it prints. */
function servers(...words: string[]): Promise<string> {
  const args = [join(root, "bin/launch.mjs"), "simulator/servers/servers-main.ts", ...words, "--state", dir];
  return new Promise((resolve, reject) => {
    execFile("node", [...args, "--port-offset", offset], { cwd: root }, (error, out, err) =>
      error ? reject(new Error(`servers ${words.join(" ")}: ${out}${err}`)) : resolve(out),
    );
  });
}

/** The variables that a shell would have after the printed `export` lines; those over TLS are another choice. */
function exported(text: string): Record<string, string> {
  const [first = ""] = text.split("npm start");
  return Object.fromEntries(
    [...first.matchAll(/^(?:export|\s+) ?([A-Z_]+)='?([^\s'\\]+)'?/gm)].map(([, name = "", value = ""]) => [
      name,
      value,
    ]),
  );
}

beforeAll(async () => {
  const env = exported(await servers("up"));
  expect(Object.keys(env).sort()).toEqual([
    "KAFKA_BOOTSTRAP",
    "MQTT_CA_PATH",
    "MQTT_CERT_DIR",
    "MQTT_URL",
    "TABLE_URL",
  ]);
  Object.assign(process.env, env, { EV_SERVERS: "" });
  fleet.write((files) => {
    files.cps = files.cps.slice(0, 3);
    files.drivers = files.drivers.slice(0, 2).map((driver, i) => ({
      ...driver,
      requests: driver.requests.slice(0, 1).map((one) => ({ ...one, cp_id: `CP-00${i + 1}` })),
    }));
  });
  await fleet.up("--cps", "8");
});

afterAll(async () => {
  await fleet.down();
  await servers("down", "--wipe");
  fleet.remove();
  rmSync(dir, { recursive: true, force: true });
});

async function allOn(...cps: string[]): Promise<void> {
  await eventually(
    `${cps.join(", ")} On`,
    async () => {
      const list = await fleet.cps().catch(() => undefined);
      const on = list?.charging_points.flatMap(({ cp_id, state }) => (state === "ON" ? [cp_id] : []));
      return cps.every((cp) => on?.includes(cp)) || undefined;
    },
    120_000,
  );
}

test("none of the servers is one of the fleet, and those in a worker are On like the others", async () => {
  const names = (await fleet.ask({ verb: "status" })).map(({ name }) => name);
  expect(names.filter((name) => /kafka|mqtt|table/.test(name))).toEqual([]);
  expect(names).toContain("ev-cps-1");
  await allOn("CP-001", "CP-002", "CP-003", "CP-004", "CP-008");
});

test("a charge point that is added has its certificates and takes requests", async () => {
  expect(await fleet.ev("add-cp", "11")).toContain("requestable");
  const issued = readdirSync(join(dir, "mqtt", "clients"));
  expect(issued).toEqual(expect.arrayContaining(["CP-011-engine.crt", "CP-011-monitor.crt"]));
  await allOn("CP-011");
});

test("sessions are billed", async () => {
  await eventually("a bill", () => fleet.cdrs.length > 0 || undefined, 150_000);
  expect(fleet.rows("dead-letters")).toEqual([]);
});

test("all that was started elsewhere is told, and answers", async () => {
  // It exits with 1 when one of them did not answer in time.
  const status = await eventually("an answer of all", () => servers("status").catch(() => undefined), 60_000);
  expect(status.match(/answers/g)).toHaveLength(3);
});
