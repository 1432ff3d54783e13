// A fleet of its own for a measurement: started by the command a user types, asked through its public doors.
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { openTokens } from "../../central-fn/api/tokens.ts";
import { type ChargerControl, openChargerControl } from "../charger/control.ts";
import { baseFleet } from "../fleet/base-fleet.ts";
import { writeFleet } from "../fleet/fleet-files.ts";
import type { Fleet } from "../fleet/fleet-schemas.ts";
import { placesOf } from "../fleet/places.ts";

const root = join(import.meta.dirname, "../..");
const startWithinMs = 60_000;

export interface ServiceFigures {
  name: string;
  role: string;
  pid: number | null;
  memory_mb: number | null;
}

export interface BenchFleet {
  /** From the command to "ready", packages installed. */
  readyMs: number;
  url: string;
  services(): Promise<ServiceFigures[]>;
  ev(...args: string[]): Promise<string>;
  control(cp: string): Promise<ChargerControl>;
  /** `Authorization` header of a driver. */
  driverToken(driver: string): Promise<string>;
  /** The process that started everything. */
  supervisorPid: number;
  end(): Promise<void>;
}

/**
 * Starts the base fleet on ports of its own; `change` may change its files first. Throws with the fleet's output
 * when it does not become ready.
 */
export async function startFleet(
  portOffset: number,
  change: (fleet: Fleet) => void = () => {},
): Promise<BenchFleet> {
  const state = mkdtempSync(join(tmpdir(), "ev-bench-"));
  const places = placesOf(state);
  const fleet = baseFleet();
  change(fleet);
  writeFleet(places.fleet, fleet);
  const env = { ...process.env, EV_STATE: state, EV_PORT_OFFSET: String(portOffset) };
  const began = performance.now();
  const child = spawn(process.execPath, [join(root, "bin/ev.mjs"), "up"], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const readyAt = new Promise<number>((resolve, reject) => {
    const hear = (text: Buffer) => {
      output += text;
      if (/services ready in/.test(output)) resolve(performance.now());
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", (code) => reject(new Error(`ev up ended with ${code}:\n${output}`)));
    setTimeout(
      () => reject(new Error(`not ready within ${startWithinMs} ms:\n${output}`)),
      startWithinMs,
    ).unref();
  });
  const readyMs = (await readyAt) - began;

  const ev = (...args: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      execFile(
        process.execPath,
        [join(root, "bin/ev.mjs"), ...args],
        { env, maxBuffer: 1e8 },
        (error, out, err) => (error ? reject(new Error(`ev ${args.join(" ")}: ${out}${err}`)) : resolve(out)),
      );
    });
  return {
    readyMs,
    url: `http://127.0.0.1:${8000 + portOffset}`,
    supervisorPid: (JSON.parse(readFileSync(places.lock, "utf8")) as { pid: number }).pid,
    ev,
    services: async () => JSON.parse(await ev("ps", "--json")) as ServiceFigures[],
    control: (cp) => openChargerControl(join(places.sockets, `${cp}.box.sock`)),
    driverToken: async (driver) =>
      `Bearer ${await openTokens(places.tokenKey).sign({ sub: driver, role: "driver", expiresInS: 3_600 })}`,
    async end() {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGINT");
      await gone;
      rmSync(state, { recursive: true, force: true });
    },
  };
}

/** Looks every `everyMs` until `look` gives a value. Throws after `withinMs`, naming what was awaited. */
export async function awaited<T>(
  what: string,
  look: () => Promise<T | undefined>,
  withinMs: number,
  everyMs = 20,
): Promise<T> {
  const until = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() > until) throw new Error(`not within ${withinMs} ms: ${what}`);
    await pause(everyMs);
  }
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** CPU seconds a process and its finished children have used so far (Linux, 100 ticks a second). */
export function cpuSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}
