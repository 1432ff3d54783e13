// Passwords of a fleet's MQTT clients: made for its own broker, given for one elsewhere, never by default.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isPasswordOf } from "../../../simulator/brokers/mqtt/clients.rules.ts";
import type { Servers } from "../../../simulator/fleet/addresses.ts";
import { baseFleet } from "../../../simulator/fleet/base-fleet.ts";
import { readBrokerClients } from "../../../simulator/fleet/broker-clients.ts";
import { givenPasswords } from "../../../simulator/fleet/given-passwords.ts";
import { forgetClients, passwordAdmission } from "../../../simulator/fleet/mqtt-admission.ts";
import { checkPasswords, type PasswordSource } from "../../../simulator/fleet/mqtt-passwords.ts";
import { passwordPathOf, readPasswords } from "../../../simulator/fleet/password-files.ts";
import { makePlaces, type Places, placesOf } from "../../../simulator/fleet/places.ts";
import { servicesOf } from "../../../simulator/fleet/services.ts";

let places: Places;
beforeEach(() => {
  places = placesOf(mkdtempSync(join(tmpdir(), "ev-passwords-")));
  makePlaces(places);
});
afterEach(() => rmSync(places.state, { recursive: true }));

const own: PasswordSource = { broker: "own", mqttUrl: "mqtt://127.0.0.1:1883", given: new Map() };
const mqttUrl = "mqtt://user@10.0.0.1:1883";

function specs(servers: Servers = {}, simulated = 0) {
  const fleet = baseFleet();
  const system = { ...fleet.system, simulated: { ...fleet.system.simulated, cps: simulated } };
  return servicesOf({ ...fleet, system }, { places, portOffset: 0, servers, only: [] });
}

const passwordOf = (service: string, client: string) => readPasswords(places, service).get(client);

/** Whether the broker would let each client of these services in. */
function areAdmitted(): boolean {
  const known = readBrokerClients(places);
  return [...known].every(([client, entry]) =>
    specs({}, 100).some(({ name }) => isPasswordOf(entry, passwordOf(name, client) ?? "")),
  );
}

describe("the fleet's own broker", () => {
  test("knows each engine, monitor and bridge by a password of its own, which only its process can read", async () => {
    expect(await checkPasswords(specs(), places, own)).toBe(21);
    const known = readBrokerClients(places);
    expect(known.size).toBe(21);
    expect(areAdmitted()).toBe(true);
    const all = [...known.keys()].map((client) =>
      specs().flatMap(({ name }) => passwordOf(name, client) ?? []),
    );
    expect(new Set(all.flat()).size).toBe(21);
    expect(Buffer.from(passwordOf("ev-cp-e-1", "CP-001-engine") ?? "", "base64url")).toHaveLength(32);
    for (const path of [places.mqttClients, passwordPathOf(places, "ev-cp-e-1")])
      expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(places.mqttClients, "utf8")).not.toContain(passwordOf("ev-cp-e-1", "CP-001-engine"));
  });

  test("keeps what was made; a later start makes only what is new, a worker's thousand in one file", async () => {
    await checkPasswords(specs(), places, own);
    const kept = passwordOf("ev-cp-m-3", "CP-003-monitor");
    expect(await checkPasswords(specs(), places, own)).toBe(0);
    expect(await checkPasswords(specs({}, 100), places, own)).toBe(180);
    expect(readPasswords(places, "ev-cps-1").size).toBe(180);
    expect(passwordOf("ev-cp-m-3", "CP-003-monitor")).toBe(kept);
    expect(areAdmitted()).toBe(true);
  });

  test("makes no password again for who was revoked, until somebody says so", async () => {
    await checkPasswords(specs(), places, own);
    const admission = passwordAdmission(places);
    await admission?.revoke(["CP-001-engine"]);
    expect(await checkPasswords(specs(), places, own)).toBe(0);
    expect(readBrokerClients(places).get("CP-001-engine")?.is).toBe("revoked");
    const before = passwordOf("ev-cp-e-1", "CP-001-engine");
    await admission?.renew(["CP-001-engine"]);
    expect(passwordOf("ev-cp-e-1", "CP-001-engine")).not.toBe(before);
    expect(areAdmitted()).toBe(true);
  });

  test("is made again from what the devices have when its file was lost; a lost password is replaced", async () => {
    await checkPasswords(specs(), places, own);
    const kept = passwordOf("ev-cp-e-2", "CP-002-engine");
    rmSync(places.mqttClients);
    rmSync(passwordPathOf(places, "ev-cp-e-1"));
    await checkPasswords(specs(), places, own);
    expect(passwordOf("ev-cp-e-2", "CP-002-engine")).toBe(kept);
    expect(areAdmitted()).toBe(true);
  });

  test("forgets who was removed", async () => {
    await checkPasswords(specs(), places, own);
    await forgetClients(places, ["CP-001-engine", "CP-001-monitor"], ["ev-cp-e-1", "ev-cp-m-1"]);
    expect([...readBrokerClients(places).keys()].filter((name) => name.startsWith("CP-001"))).toEqual([]);
    expect(passwordOf("ev-cp-e-1", "CP-001-engine")).toBeUndefined();
  });

  test("gives clients on other hosts what is printed once and kept nowhere", async () => {
    await checkPasswords(specs(), places, own);
    const [line = ""] = (await passwordAdmission(places)?.issue(["CP-011-engine"])) ?? [];
    const given = givenPasswords({ EV_MQTT_CREDENTIALS: line });
    expect(
      isPasswordOf(readBrokerClients(places).get("CP-011-engine"), given.get("CP-011-engine") ?? ""),
    ).toBe(true);
    expect(passwordAdmission(places)?.heldHere(["CP-011-engine", "CP-001-engine"])).toEqual([
      "CP-001-engine",
    ]);
  });
});

describe("a broker elsewhere", () => {
  const url = "mqtt://10.0.0.1:1883";
  const elsewhere = (given: ReadonlyMap<string, string> = new Map()): PasswordSource => ({
    broker: "elsewhere",
    mqttUrl: url,
    given,
  });
  const cp1 = () => specs({ mqttUrl: url }).filter(({ subject }) => subject === "CP-001");
  const given = new Map([
    ["CP-001-engine", "e".repeat(43)],
    ["CP-001-monitor", "m".repeat(43)],
  ]);

  test("needs what its host has given, and keeps it for later", async () => {
    await expect(checkPasswords(cp1(), places, elsewhere())).rejects.toThrow(
      /no MQTT password for CP-001-engine and 1 other at mqtt:\/\/10\.0\.0\.1:1883: run `ev credentials 1` on the broker's host/,
    );
    await checkPasswords(cp1(), places, elsewhere(given));
    await checkPasswords(cp1(), places, elsewhere());
    expect(passwordOf("ev-cp-m-1", "CP-001-monitor")).toBe("m".repeat(43));
  });

  test("takes nothing that was made for the broker of this host", async () => {
    await checkPasswords(specs(), places, own);
    await expect(checkPasswords(cp1(), places, elsewhere())).rejects.toThrow(/no MQTT password/);
  });

  test("that asks for certificates, for nobody, or for the user of its address, needs none", () => {
    for (const servers of [
      { mqttUrl: url, mqttCertDir: "/c" },
      { mqttUrl: url, mqttAnonymous: true },
      { mqttUrl },
      { real: true },
    ])
      expect(specs(servers).filter(({ env }) => env.MQTT_PASSWORD_PATH !== undefined)).toEqual([]);
  });

  test("has what it gave read from the environment and from a file; what is none is told without being shown", () => {
    const file = join(places.state, "given");
    writeFileSync(file, `CP-001-monitor:${"m".repeat(43)}\n`);
    expect(
      givenPasswords({
        EV_MQTT_CREDENTIALS: `CP-001-engine:${"e".repeat(43)}`,
        EV_MQTT_CREDENTIALS_FILE: file,
      }),
    ).toEqual(given);
    for (const wrong of ["secret-secret-secret", "CP-#-engine:secretsecretsecret", "CP-001-engine:short"]) {
      expect(() => givenPasswords({ EV_MQTT_CREDENTIALS: wrong })).toThrow(/its 1\. word is none/);
      expect(() => givenPasswords({ EV_MQTT_CREDENTIALS: wrong })).not.toThrow(/secret/);
    }
    expect(() => givenPasswords({ EV_MQTT_CREDENTIALS_FILE: "/none" })).toThrow(/cannot be read/);
  });
});
