// A whole fleet of real processes for a test: started by the command a user types, in a folder and on ports of its own.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import type { CdrRow, CpRow, ReviewRow, SessionRow } from "../../central-fn/tables/rows.ts";
import { registerWh } from "../../device-agent/charger/register.rules.ts";
import type { Durable } from "../../device-agent/engine/state.ts";
import { runningAddresses } from "../../simulator/fleet/addresses-file.ts";
import { baseFleet } from "../../simulator/fleet/base-fleet.ts";
import { askSupervisor } from "../../simulator/fleet/control-client.ts";
import type { ControlRequest, ServiceReport } from "../../simulator/fleet/control-messages.ts";
import { writeFleet } from "../../simulator/fleet/fleet-files.ts";
import type { Fleet } from "../../simulator/fleet/fleet-schemas.ts";
import { type Places, placesOf } from "../../simulator/fleet/places.ts";
import { portShift, scanRows } from "./real-servers.ts";

const root = join(import.meta.dirname, "../..");

export interface CpView {
  cp_id: string;
  state: string;
  engine_state: string;
  monitor_status: string;
  connector_status: string;
  monitor_last_seen: string | null;
  telemetry: { kw: number; kwh: number; euros: number; session_id: string } | null;
}

export interface CpList {
  charging_points: CpView[];
  active_requests: number;
  feed: { stale_since: string | null };
}

/** The supervisor alone gives servers on Java two minutes each, and a busy machine starts several fleets at once. */
const readyWithinMs = 240_000;

/** Waits until `look` answers something other than undefined, or says what it was waiting for. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  withinMs: number,
): Promise<T> {
  const until = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() > until) throw new Error(`not within ${withinMs} ms: ${what}`);
    await pause(100);
  }
}

export class LiveFleet {
  readonly state: string;
  readonly offset: number;
  readyMs = 0;
  output = "";
  #up: ChildProcess | undefined;

  constructor(offset: number, state?: string) {
    this.offset = offset + portShift;
    this.state = state ?? mkdtempSync(join(tmpdir(), "ev-fleet-"));
  }

  port(base: number): number {
    return base + this.offset;
  }

  get #env(): NodeJS.ProcessEnv {
    return { ...process.env, EV_STATE: this.state, EV_PORT_OFFSET: String(this.offset) };
  }

  get places(): Places {
    return placesOf(this.state);
  }

  /** Writes the fleet's files before the first start: the base fleet, changed. */
  write(change: (fleet: Fleet) => void): void {
    const fleet = baseFleet();
    change(fleet);
    writeFleet(this.places.fleet, fleet);
  }

  /** Asks the supervisor without the command line in between. Rejects when there is none. */
  async ask(request: ControlRequest): Promise<ServiceReport[]> {
    const done = await askSupervisor(this.places, request);
    if (!done) throw new Error("no supervisor");
    return done.services;
  }

  /** `ev up` in the foreground, until it says that all services are ready. */
  async up(...more: string[]): Promise<void> {
    const began = performance.now();
    this.output = "";
    const child = spawn("node", [join(root, "bin/ev.mjs"), "up", ...more], {
      env: this.#env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#up = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (text) => {
        this.output += text;
      });
    let exit: number | null | undefined;
    child.once("exit", (code) => {
      exit = code;
    });
    await eventually(
      "all services ready",
      () => {
        if (exit !== undefined) throw new Error(`ev up ended with ${exit}:\n${this.output}`);
        return /\d+ of \d+ services ready in/.test(this.output) || undefined;
      },
      readyWithinMs,
    ).catch((error: Error) => {
      throw new Error(`${error.message}; ev up said:\n${this.output.slice(-4000)}`, { cause: error });
    });
    this.readyMs = performance.now() - began;
  }

  /** Ctrl-C, and the exit code. */
  async down(): Promise<number | null> {
    const child = this.#up;
    if (!child || child.exitCode !== null) return child?.exitCode ?? null;
    const gone = new Promise<number | null>((resolve) => child.once("exit", resolve));
    child.kill("SIGINT");
    return await gone;
  }

  remove(): void {
    rmSync(this.state, { recursive: true, force: true });
  }

  /** One `ev` command; rejects with its output when it fails. */
  ev(...args: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      execFile(
        "node",
        [join(root, "bin/ev.mjs"), ...args],
        { env: this.#env, maxBuffer: 1e8 },
        (error, out, err) => (error ? reject(new Error(`ev ${args.join(" ")}: ${out}${err}`)) : resolve(out)),
      );
    });
  }

  /** A shell line of the documents, its ports moved by this fleet's offset. */
  sh(line: string): Promise<string> {
    const moved = line.replace(/localhost:(\d+)/g, (_, port) => `localhost:${this.port(Number(port))}`);
    return new Promise((resolve, reject) => {
      execFile("bash", ["-o", "pipefail", "-c", moved], { env: this.#env }, (error, out, err) =>
        error ? reject(new Error(`${moved}: ${out}${err}`)) : resolve(out),
      );
    });
  }

  async cps(): Promise<CpList> {
    const response = await fetch(`http://127.0.0.1:${this.port(8000)}/cp`);
    if (!response.ok) throw new Error(`GET /cp: ${response.status}`);
    return (await response.json()) as CpList;
  }

  /** Every charge point is On and the feed is fresh. */
  async whole(withinMs: number): Promise<void> {
    let last = "";
    await eventually(
      "every charge point On",
      async () => {
        const list = await this.cps().catch((error: unknown) => String(error));
        if (typeof list === "string") {
          last = list;
          return undefined;
        }
        const off = list.charging_points.filter((cp) => cp.state !== "ON");
        last = `${off.map((cp) => `${cp.cp_id} ${cp.state}`).join(", ")} stale ${list.feed.stale_since}`;
        return (
          (list.charging_points.length >= 10 && off.length === 0 && list.feed.stale_since === null) ||
          undefined
        );
      },
      withinMs,
    ).catch((error: Error) => {
      throw new Error(`${error.message} (${last})`);
    });
  }

  /** For so long in a row every look at the list was answered within a second, fresh and with everybody On. */
  async settled(forMs: number, withinMs: number): Promise<void> {
    let sinceMs = performance.now();
    await eventually(
      `${forMs} ms of swift answers`,
      async () => {
        const askedMs = performance.now();
        const list = await this.cps().catch(() => undefined);
        const isWell =
          performance.now() - askedMs < 1_000 &&
          list?.feed.stale_since === null &&
          list.charging_points.every(({ state }) => state === "ON");
        if (!isWell) sinceMs = performance.now();
        return performance.now() - sinceMs > forMs || undefined;
      },
      withinMs,
    );
  }

  /** Every charge point's monitor was heard through the whole road after this instant (wall clock, ms). */
  async heardAfter(atMs: number, withinMs: number): Promise<void> {
    await eventually(
      "every monitor heard anew",
      async () => {
        const list = await this.cps().catch(() => undefined);
        return (
          list?.charging_points.every((cp) => Date.parse(cp.monitor_last_seen ?? "") > atMs) || undefined
        );
      },
      withinMs,
    );
  }

  /** Whole Wh on the register of an engine that is not writing just now. */
  registerWh(cp: string): number {
    const journal = new DatabaseSync(join(this.state, "data", cp, "journal.db"), { readOnly: true });
    try {
      const row = journal.prepare("SELECT state FROM journal WHERE cp=?").get(cp) as { state: string };
      return registerWh((JSON.parse(row.state) as Durable).register);
    } finally {
      journal.close();
    }
  }

  log(service: string): string {
    return readFileSync(join(this.state, "logs", `${service}.log`), "utf8");
  }

  /** The rows of Central's table, read beside the running process. */
  rows<V>(pkPrefix: string, skPrefix = ""): { pk: string; sk: string; value: V }[] {
    const tableUrl = runningAddresses(this.places)?.tableUrl ?? "sqlite:";
    const rows = tableUrl.startsWith("dynamodb:")
      ? scanRows(tableUrl, pkPrefix, skPrefix)
      : this.#fileRows(pkPrefix, skPrefix);
    return rows.map((row) => ({ pk: row.pk, sk: row.sk, value: JSON.parse(row.value) as V }));
  }

  #fileRows(pkPrefix: string, skPrefix: string) {
    const table = new DatabaseSync(join(this.state, "data", "central.db"), { readOnly: true });
    try {
      return table
        .prepare("SELECT pk, sk, value FROM rows WHERE pk GLOB ? AND sk GLOB ?")
        .all(`${pkPrefix}*`, `${skPrefix}*`) as { pk: string; sk: string; value: string }[];
    } finally {
      table.close();
    }
  }

  get cdrs(): CdrRow[] {
    return this.rows<CdrRow>("driver#", "cdr#").map((row) => row.value);
  }

  get sessions(): SessionRow[] {
    return this.rows<SessionRow>("driver#", "session#").map((row) => row.value);
  }

  get reviews(): ReviewRow[] {
    return this.rows<ReviewRow>("reviews").map((row) => row.value);
  }

  get cpRows(): CpRow[] {
    return this.rows<CpRow>("cps#").map((row) => row.value);
  }
}
