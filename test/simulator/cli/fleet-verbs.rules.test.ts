// The words of the verbs that change the fleet: what they mean, and what a mistake is answered with.
import { describe, expect, test } from "vitest";
import { ControlCommand } from "../../../simulator/charger/control.messages.ts";
import { refuseTaken, typedCps } from "../../../simulator/cli/add-cp.rules.ts";
import { chargerCommand, chargerCommands, plugCommand } from "../../../simulator/cli/charger.rules.ts";
import {
  bridgeHealth,
  centralHealth,
  engineHealth,
  monitorHealth,
  processHealth,
  redacted,
} from "../../../simulator/cli/service-health.rules.ts";
import { baseFleet } from "../../../simulator/fleet/base-fleet.ts";
import type { ServiceReport } from "../../../simulator/fleet/control-messages.ts";
import { serviceReport } from "../../support/service-report.ts";

describe("add-cp", () => {
  test.each([
    [["11"], { ids: ["CP-011"], powerKw: 22, price: 0.3 }],
    [["12", "75.0", "0.38"], { ids: ["CP-012"], powerKw: 75, price: 0.38 }],
    [["20", "350.0", "0.50"], { ids: ["CP-020"], powerKw: 350, price: 0.5 }],
    [["11..12", "50"], { ids: ["CP-011", "CP-012"], powerKw: 50, price: 0.3 }],
    [["11,14,20"], { ids: ["CP-011", "CP-014", "CP-020"], powerKw: 22, price: 0.3 }],
  ])("%j", (words, typed) => {
    expect(typedCps(words)).toEqual(typed);
  });

  test.each([
    [[], /add which charge point\?/],
    [["11", "0"], /power "0": a number from 1.4 to 1000 kW/],
    [["11", "-5"], /power "-5"/],
    [["11", "22", "-0.1"], /price "-0.1": a number from 0 to 5/],
    [["11", "22", "0.123456"], /price "0.123456": at most five decimals/],
    [["11", "12", "13"], /price "13": a number from 0 to 5/],
    [["11", "12", "13", "14"], /several points are written `ev add-cp 11,12,13,14`/],
    [["11", "22", "0.30", "euros"], /euros is too much/],
  ])("%j is refused", (words, message) => {
    expect(() => typedCps(words)).toThrow(message);
  });

  test("a taken number is refused with the next free one, also under another spelling", () => {
    const fleet = baseFleet();
    expect(() => refuseTaken(["CP-005", "CP-011"], fleet)).toThrow(
      "CP-005 exists already: nothing was added; the next free number is 11 (`ev add-cp 11`)",
    );
    Object.assign(fleet.cps[0] ?? {}, { cp_id: "CP-1" });
    expect(() => refuseTaken(["CP-001"], fleet)).toThrow(/CP-001 exists already/);
    fleet.system.simulated.cps = 500;
    expect(() => refuseTaken(["CP-400"], fleet)).toThrow(
      /among the 500 simulated ones.*next free number is 501/,
    );
    expect(() => refuseTaken(["CP-501"], fleet)).not.toThrow();
  });
});

describe("charger", () => {
  test.each([
    [[], { do: "status" }],
    [["battery", "3.5"], { do: "battery", needWh: 3_500 }],
    [["fault", "gfci"], { do: "fault", kind: "gfci" }],
    [["temperature", "-10"], { do: "temperature", celsius: -10 }],
    [["mains", "off"], { do: "mains", on: false }],
    [["cars", "none"], { do: "cars", mode: "none" }],
    [["mute", "2.5"], { do: "mute", ms: 2_500 }],
    [["corrupt", "3"], { do: "corrupt", frames: 3 }],
    [["button"], { do: "button", long: false }],
    [["button", "long"], { do: "button", long: true }],
    [["reset"], { do: "reset" }],
    [["glitch"], { do: "glitch" }],
  ])("%j is %j", (words, command) => {
    expect(chargerCommand(words)).toEqual(command);
    expect(ControlCommand.parse(chargerCommand(words))).toEqual(command);
  });

  test.each([
    [["juggle"], /a charger knows no juggle: one of status, battery/],
    [["battery"], /`ev charger CP battery KWH` is wanted/],
    [["battery", "lots"], /battery "lots": a number from 0.001 to 1000/],
    [["fault", "fire"], /fault "fire": one of gfci/],
    [["mains", "maybe"], /one of on, off/],
    [["button", "twice"], /`ev charger CP button \[long\]` is wanted/],
    [["reset", "now"], /`ev charger CP reset` is wanted/],
    [["mains", "on", "off"], /is wanted/],
  ])("%j is refused", (words, message) => {
    expect(() => chargerCommand(words)).toThrow(message);
  });

  test("every command of the box but plug and unplug, which are verbs, can be typed", () => {
    const typed = chargerCommands.map(([usage]) => usage.split(" ")[0]);
    const known = ControlCommand.options.map((option) => option.shape.do.value);
    expect(new Set<string | undefined>([...typed, "plug", "unplug"])).toEqual(new Set(known));
  });

  test("plug takes a need and a power, each or none", () => {
    expect(plugCommand(undefined, undefined)).toEqual({ do: "plug", car: {} });
    expect(plugCommand("5", "7.2")).toEqual({ do: "plug", car: { needWh: 5_000, maxW: 7_200 } });
    expect(() => plugCommand("much", undefined)).toThrow(/--need-kwh=much/);
    expect(() => plugCommand(undefined, "0")).toThrow(/--max-kw=0/);
  });
});

describe("inspect", () => {
  const report = (status: ServiceReport["status"], why: string | null = null) =>
    serviceReport("ev-cp-e-5", { subject: "CP-005", status, sinceMs: 1_000, pid: null, why });
  test.each([
    ["killed", "stopped", "was killed"],
    ["exited", "stopped", "exited by itself with code 78"],
    ["starting", "starting", "not ready yet, since 3.00 s"],
    ["paused", "unhealthy", "paused: it runs no code until it is unpaused"],
  ] as const)("a process that is %s reads %s", (status, health, reason) => {
    expect(processHealth(report(status, reason), 4_000)).toEqual({ health, reason });
  });
  test("one that runs is asked", () => expect(processHealth(report("running"), 4_000)).toBeNull());

  const reply = {
    epoch: 1,
    tickAgeMs: 12,
    journalWritable: true,
    chargerHeardMs: 300,
    operative: true,
    sid: null,
  };
  test("an engine is judged as its monitor judges it", () => {
    expect(engineHealth(reply, null)).toEqual({
      health: "healthy",
      reason: "loop 12 ms ago, journal writable, charger heard 0.30 s ago, no session",
    });
    expect(engineHealth({ ...reply, sid: "S-1", operative: false }, null).reason).toMatch(
      /session S-1, stopped by an operator/,
    );
    expect(engineHealth(null, "engine not running")).toEqual({
      health: "unhealthy",
      reason: "engine not running",
    });
  });

  test("monitor and bridge are known by what Central heard; without Central that is said", () => {
    const point = {
      cp_id: "CP-005",
      state: "ON" as const,
      engine_state: "ACTIVATED",
      monitor_status: "OK",
      connector_status: "Available",
      monitor_last_seen: new Date(1_000).toISOString(),
    };
    expect(monitorHealth({ is: "point", point }, 1_800).reason).toBe(
      "Central heard it 0.80 s ago: its engine is OK",
    );
    expect(monitorHealth({ is: "point", point: { ...point, state: "BROKEN" } }, 1_800)).toMatchObject({
      health: "healthy",
      reason: expect.stringContaining("its engine is KO"),
    });
    expect(monitorHealth({ is: "point", point: { ...point, state: "DISCONNECTED" } }, 9_000).health).toBe(
      "unhealthy",
    );
    expect(monitorHealth({ is: "silent", why: "Central does not answer" }, 0).reason).toMatch(
      /^not confirmed/,
    );
    const fresh = { status: "ok", table: "reachable", feed: { age_ms: 400, stale_since: null } };
    const stale = { ...fresh, feed: { age_ms: 9_000, stale_since: "2026-01-01T00:00:00.000Z" } };
    expect([bridgeHealth(fresh).health, bridgeHealth(stale).health]).toEqual(["healthy", "unhealthy"]);
    expect(bridgeHealth("Central does not answer").reason).toMatch(/^not confirmed/);
    expect([centralHealth(fresh).health, centralHealth(stale).health]).toEqual(["healthy", "healthy"]);
    expect(centralHealth({ ...fresh, table: "unreachable" }).health).toBe("unhealthy");
  });

  test.each([
    ["API_TOKEN", "abc", "(hidden)"],
    ["AWS_SECRET_ACCESS_KEY", "abc", "(hidden)"],
    ["TOKEN_PATH", "/run/a.token", "/run/a.token"],
    ["MQTT_URL", "mqtt://ev:pw@broker:1883", "mqtt://ev:(hidden)@broker:1883"],
    ["KAFKA_BOOTSTRAP", "a:9092,b:9092", "a:9092,b:9092"],
  ])("%s=%s is shown as %s", (name, value, shown) => {
    expect(redacted(name, value)).toBe(shown);
  });
});
