// A fleet that grows, changes and shrinks while it runs, by the commands and HTTP lines of the deployment guide; who is
// not concerned goes on with the same process and the same session.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, LiveFleet } from "../support/live-fleet.ts";

const fleet = new LiveFleet(13_000);
const file = (id: string) => join(fleet.places.fleet, `${id}.json`);
const patienceMs = 60_000;

beforeAll(async () => {
  fleet.write((small) => {
    small.cps = small.cps.filter(({ cp_id }) => ["CP-001", "CP-002", "CP-005"].includes(cp_id));
    for (const cp of small.cps) cp.cars = "none";
    small.drivers = small.drivers.slice(0, 2);
    for (const driver of small.drivers) driver.requests = [];
  });
  await fleet.up();
});

afterAll(async () => {
  await fleet.down();
  fleet.remove();
});

async function pids(): Promise<Record<string, number | null>> {
  const services = await fleet.ask({ verb: "status" });
  return Object.fromEntries(services.map(({ name, pid }) => [name, pid]));
}
/** Names of those whose process is another one than before, or gone. */
async function changedSince(before: Record<string, number | null>): Promise<string[]> {
  const now = await pids();
  return Object.keys(before).filter((name) => now[name] !== before[name]);
}
async function point(cp: string) {
  const { charging_points } = await fleet.cps();
  return charging_points.find(({ cp_id }) => cp_id === cp);
}
async function json<T>(...args: string[]): Promise<T> {
  return JSON.parse(await fleet.ev(...args, "--json")) as T;
}
function edit(id: string, change: Record<string, unknown>): void {
  writeFileSync(
    file(id),
    JSON.stringify({ ...JSON.parse(readFileSync(file(id), "utf8")), ...change }, null, 2),
  );
}
function told(text: RegExp): Promise<true> {
  return eventually(`the fleet to say ${text}`, () => text.test(fleet.output) || undefined, patienceMs);
}
/** A line of the guide that only reads, looked at until it shows this. */
function shows(line: string, shown: (out: string) => boolean): Promise<true> {
  let last = "";
  return eventually(
    line,
    async () => {
      last = await fleet.sh(line);
      return shown(last) || undefined;
    },
    patienceMs,
  ).catch((error: Error) => {
    throw new Error(`${error.message}; it shows ${last}`, { cause: error });
  });
}
const whole = (ids: readonly string[]) =>
  eventually(
    `${ids.join(", ")} to be On`,
    async () => {
      const on = (await fleet.cps()).charging_points.filter(({ state }) => state === "ON");
      return ids.every((id) => on.some(({ cp_id }) => cp_id === id)) || undefined;
    },
    patienceMs,
  );

let session = "";

describe("adding", () => {
  test("a session runs before anything is added", async () => {
    await whole(["CP-001", "CP-002", "CP-005"]);
    const out = await fleet.sh(
      `curl -X POST http://localhost:8100/drivers/driver-alice/requests -H "Content-Type: application/json" -d '{"cp_id": "CP-002", "vehicle_id": "VEH-001"}'`,
    );
    session = (JSON.parse(out) as { session_id: string }).session_id;
    expect(await fleet.ev("plug", "2", "--need-kwh", "20", "--max-kw", "7.2")).toMatch(
      /^CP-002 {2}plug: car plugged in, lacks 20\.000 of 20\.000 kWh/,
    );
    await eventually(
      "alice's session to supply",
      async () => ((await point("CP-002"))?.engine_state === "SUPPLYING" ? true : undefined),
      patienceMs,
    );
  });

  test("add-cp says when each of a batch is ready, registered, On and requestable; nobody else notices", async () => {
    const before = await pids();
    // One late answer on a busy machine is no fault; three are.
    const faults = () => fleet.log("ev-cp-m-2").match(/FAULT DETECTED/g)?.length ?? 0;
    const faultsBefore = faults();
    const { added } = await json<{ added: Record<string, number>[] }>("add-cp", "11..12", "150.0", "0.40");
    expect(added.map(({ cp_id }) => cp_id)).toEqual(["CP-011", "CP-012"]);
    for (const { ready_ms, registered_ms, on_ms, requestable_ms } of added) {
      expect(ready_ms).toBeGreaterThan(0);
      expect(registered_ms).toBeLessThanOrEqual(requestable_ms ?? 0);
      expect(on_ms).toBeLessThanOrEqual(requestable_ms ?? 0);
      expect(requestable_ms).toBeLessThan(patienceMs);
    }
    expect(await changedSince(before)).toEqual([]);
    expect(await point("CP-002")).toMatchObject({
      engine_state: "SUPPLYING",
      telemetry: { session_id: session },
    });
    expect(faults()).toBe(faultsBefore);
  });

  test("the guide's lines find the new point", async () => {
    await shows(`curl http://localhost:8000/cp | jq '.charging_points[] | select(.cp_id=="CP-011")'`, (out) =>
      /"cp_id": "CP-011",\s+"state": "ON",\s+"engine_state": "ACTIVATED"/.test(out),
    );
    await shows(`curl http://localhost:8000/cp | jq '.charging_points | length'`, (out) => out === "5\n");
    await shows(`curl http://localhost:8000/cp | jq '.active_requests'`, (out) => out === "1\n");
    await shows(
      `curl http://localhost:8000/cp | jq -r '.charging_points[] | select(.engine_state!="ACTIVATED") | .cp_id'`,
      (out) => out === "CP-002\n",
    );
    const all = await fleet.sh(
      `curl http://localhost:8000/cp | jq -c '.charging_points[] | {cp_id, state, engine_state, monitor_status}'`,
    );
    expect(all.trim().split("\n")).toHaveLength(5);
    expect(await fleet.ev("logs", "ev-cp-e-11", "--grep", "consumer started")).toMatch(
      /MQTT command consumer started/,
    );
  });

  test("a number that is taken is refused, and nothing of its batch is added", async () => {
    const before = await pids();
    await expect(fleet.ev("add-cp", "12..13")).rejects.toThrow(
      /CP-012 exists already: nothing was added; the next free number is 3/,
    );
    await expect(fleet.ev("add-driver", "henry", "8100")).rejects.toThrow(
      /port 8100 for driver-henry is that of driver-alice/,
    );
    expect([existsSync(file("CP-013")), existsSync(file("driver-henry"))]).toEqual([false, false]);
    expect(await pids()).toEqual(before);
  });

  test("drivers get their page, see the new points at their price, and charge there by themselves", async () => {
    const { added } = await json<{ added: Record<string, unknown>[] }>(
      "add-driver",
      "frank",
      "8105",
      "grace",
    );
    expect(added).toEqual([
      expect.objectContaining({
        driver_id: "driver-frank",
        service: "ev-driver-frank",
        port: fleet.port(8105),
      }),
      expect.objectContaining({
        driver_id: "driver-grace",
        port: fleet.port(8106),
        page_ms: expect.any(Number),
      }),
    ]);
    const three = JSON.parse(await fleet.sh(`curl http://localhost:8105/charging-points | jq '.[0:3]'`));
    expect(three).toHaveLength(3);
    const fresh = JSON.parse(
      await fleet.sh(`curl http://localhost:8105/charging-points | jq '.[] | select(.cp_id=="CP-011")'`),
    );
    expect(fresh).toMatchObject({ power_kw: 150, price_eur_per_kwh: 0.4, connector_type: "CCS2" });
    await eventually(
      "frank to charge at a point that was added",
      async () => {
        const at = (await fleet.cps()).charging_points.filter(
          ({ engine_state }) => engine_state === "SUPPLYING",
        );
        return at.some(({ cp_id }) => cp_id === "CP-011" || cp_id === "CP-012") || undefined;
      },
      patienceMs,
    );
    expect(await fleet.ev("logs", "ev-driver-frank", "--tail", "20")).toMatch(/started successfully/);
    const progress = () => fleet.ev("logs", "ev-driver-frank", "--grep", "IN_PROGRESS", "--tail", "1");
    await eventually(
      "an IN_PROGRESS line",
      async () => (/IN_PROGRESS/.test(await progress()) ? true : undefined),
      patienceMs,
    );
  });
});

describe("editing a file", () => {
  test("a new price is registered without a restart", async () => {
    const before = await pids();
    edit("CP-012", { price_eur_per_kwh: 0.41 });
    await eventually(
      "Central to show the new price",
      async () => {
        const shown = await (await fetch(`http://127.0.0.1:${fleet.port(8000)}/cp/CP-012`)).json();
        return (shown as { price_eur_per_kwh: number }).price_eur_per_kwh === 0.41 || undefined;
      },
      patienceMs,
    );
    await told(/files changed: told without a restart: ev-cp-m-12/);
    expect(await changedSince(before)).toEqual([]);
  });

  test("another interval restarts that monitor and no other service", async () => {
    const before = await pids();
    edit("CP-005", { probe_interval_ms: 700 });
    await told(/files changed: restarted: ev-cp-m-5 /);
    expect(await changedSince(before)).toEqual(["ev-cp-m-5"]);
    expect(await fleet.ev("apply")).toMatch(/^nothing differs from what runs/);
    expect(await json("inspect", "ev-cp-m-5")).toMatchObject({ env: { PROBE_INTERVAL_MS: "700" } });
  });

  test("a wrong file is told in one line, and the old one goes on", async () => {
    const before = await pids();
    const good = readFileSync(file("CP-005"), "utf8");
    edit("CP-005", { power_kw: "fast" });
    await told(/CP-005\.json: power_kw: [^\n]*; everything goes on as before this edit/);
    await expect(fleet.ev("apply")).rejects.toThrow(/CP-005\.json: power_kw: /);
    writeFileSync(file("CP-005"), good);
    await told(/the fleet's files are valid again; nothing else changed/);
    expect(await changedSince(before)).toEqual([]);
  });
});

describe("inspecting", () => {
  test("each kind of service proves its health in its own way, and a killed one says so", async () => {
    const names = ["ev-kafka", "ev-mqtt", "ev-bridge", "ev-central", "CP-001", "ev-driver-grace"];
    let sick: string[] = [];
    await eventually(
      "eight healthy services",
      async () => {
        // It exits with 1 when one of them is not well.
        const all = await json<{ name: string; health: string; reason: string }[]>("inspect", ...names).catch(
          (error: unknown) => String(error),
        );
        if (typeof all === "string") {
          sick = [all];
          return undefined;
        }
        sick = all.flatMap(({ name, health, reason }) =>
          health === "healthy" ? [] : `${name} ${health} ${reason}`,
        );
        return (all.length === 8 && sick.length === 0) || undefined;
      },
      patienceMs,
    ).catch((error: Error) => {
      throw new Error(`${error.message}: ${sick.join(", ")}`, { cause: error });
    });
    await fleet.ev("kill", "ev-cp-m-1");
    await expect(fleet.ev("inspect", "ev-cp-m-1")).rejects.toThrow(
      /health {3}stopped: was killed[\s\S]*`ev start ev-cp-m-1`/,
    );
    await fleet.ev("start", "ev-cp-m-1");
  });
});

describe("removing", () => {
  test("a session there ends at the charger's own meter and is billed once; the point reads Disconnected", async () => {
    const sid = await eventually(
      "a session at an added point",
      async () => {
        const { charging_points } = await fleet.cps();
        const busy = charging_points.find(
          ({ cp_id, telemetry }) => (cp_id === "CP-011" || cp_id === "CP-012") && (telemetry?.kwh ?? 0) > 0,
        );
        return busy?.telemetry?.session_id;
      },
      patienceMs,
    );
    const cp = sid.slice(2, 8);
    const { removed } = await json<{ removed: Record<string, unknown>[] }>("remove", cp, "frank");
    expect(removed).toEqual([
      expect.objectContaining({ id: cp, session: expect.stringContaining(`${sid} completed`) }),
      expect.objectContaining({ id: "driver-frank", session: null }),
    ]);
    await eventually(
      `${cp} to read Disconnected`,
      async () => {
        const shown = await point(cp);
        return (shown?.state === "DISCONNECTED" && shown.engine_state === "DISCONNECTED") || undefined;
      },
      patienceMs,
    );
    await eventually("its bill", () => fleet.cdrs.some((cdr) => cdr.sid === sid) || undefined, patienceMs);
    expect(fleet.cdrs.filter((cdr) => cdr.sid === sid)).toHaveLength(1);
    expect([existsSync(file(cp)), existsSync(join(fleet.places.data, cp))]).toEqual([false, true]);
  });

  test("export, clean, import: the same fleet", async () => {
    const ids = () => readdirSync(fleet.places.fleet).sort((a, b) => a.localeCompare(b));
    const contents = () =>
      Object.fromEntries(
        ids().map((name) => [name, JSON.parse(readFileSync(join(fleet.places.fleet, name), "utf8"))]),
      );
    const kept = await pids();
    const before = contents();
    const exported = join(fleet.state, "fleet.json");
    expect(await fleet.ev("export", exported)).toMatch(/^exported 4 charge points, 3 drivers/);
    await fleet.ev("clean");
    expect(ids()).toEqual(
      ["CP-001", "CP-002", "CP-005", "driver-alice", "driver-bob", "system"].map((id) => `${id}.json`),
    );
    expect(Object.keys(await pids())).not.toContain("ev-driver-grace");
    const added =
      Object.keys(before)
        .find((name) => /^CP-01[12]/.test(name))
        ?.slice(0, 6) ?? "";
    const outcome = await json<{ added: string[]; changed: string[]; troubles: string[] }>(
      "import",
      exported,
    );
    expect(outcome).toMatchObject({ added: [added, "driver-grace"], changed: [], troubles: [] });
    expect(contents()).toEqual(before);
    expect(Object.keys(await pids()).sort()).toEqual(Object.keys(kept).sort());
    await whole(["CP-001", "CP-002", "CP-005", added]);
    const page = await eventually(
      "grace's page",
      async () => {
        const url = `http://127.0.0.1:${fleet.port(8106)}/charging-points/${added}`;
        const answer = await fetch(url).catch(() => undefined);
        return answer?.ok ? ((await answer.json()) as object) : undefined;
      },
      patienceMs,
    );
    expect(page).toMatchObject({ price_eur_per_kwh: before[`${added}.json`].price_eur_per_kwh });
  });

  test("through all of this alice's session went on at the same engine", async () => {
    const busy = await point("CP-002");
    expect(busy).toMatchObject({ engine_state: "SUPPLYING", telemetry: { session_id: session } });
    expect(fleet.log("ev-cp-e-2").match(/started successfully/g)).toHaveLength(1);
  });
});
