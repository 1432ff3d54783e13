// Servers, charge points and drivers on three hosts: a session is charged across, its host is cut off and comes back,
// and it is billed once.
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ChargerControl, openChargerControl } from "../../simulator/charger/control.ts";
import { newDriverFile } from "../../simulator/fleet/additions.ts";
import { writeFleet } from "../../simulator/fleet/fleet-files.ts";
import { SystemFile } from "../../simulator/fleet/fleet-schemas.ts";
import { placesOf } from "../../simulator/fleet/places.ts";
import { type CpView, eventually, LiveFleet } from "../support/live-fleet.ts";
import { type NetworkHost, namespacesRefused, openHosts } from "../support/network-hosts.ts";

const refused = namespacesRefused();

if (refused === undefined) describe("three hosts on one network", threeHosts);
else
  test(`several hosts: not run, this system forbids network namespaces (${refused})`, () => {
    console.log(`several hosts are not tested here: this system forbids network namespaces (${refused})`);
    expect(process.env.CI_REQUIRE_NETNS ?? "0", "CI must have network namespaces").not.toBe("1");
  });

function threeHosts(): void {
  const dir = mkdtempSync(join(tmpdir(), "ev-hosts-"));
  const stateOf = (name: string) => join(dir, name);
  const { hosts, remove } = openHosts(3);
  const [servers, chargers, drivers] = hosts as [NetworkHost, NetworkHost, NetworkHost];
  const at = (name: string) => ({ EV_STATE: stateOf(name), EV_PORT_OFFSET: "0" });
  const centralUrl = "http://10.77.0.1:8000";
  /** Reads the state of the servers' host, whose files this process sees. */
  const central = new LiveFleet(0, stateOf("servers"));
  let charger: ChargerControl;

  /** A look that is taken again when nothing came. */
  const json = async <T>(host: NetworkHost, ...args: string[]) =>
    JSON.parse(await host.run("curl", ["-s", "--max-time", "3", ...args])) as T;
  /** As the phone's page does it, on the driver's own host. */
  const post = <T>(path: string, body: object) =>
    json<T>(
      drivers,
      // Sent once: the last of the two bounds counts.
      ...["--max-time", "15", "-X", "POST", `http://localhost:8105/drivers/driver-frank${path}`],
      ...["-H", "Content-Type: application/json", "-d", JSON.stringify(body)],
    );
  const point = async (): Promise<CpView | undefined> => {
    const list = await json<{ charging_points: CpView[] }>(drivers, `${centralUrl}/cp`).catch(
      () => undefined,
    );
    return list?.charging_points.find(({ cp_id }) => cp_id === "CP-011");
  };
  const shows = (what: string, is: (cp: CpView) => boolean) =>
    eventually(
      `CP-011 ${what}`,
      async () => {
        const cp = await point();
        return cp && is(cp) ? cp : undefined;
      },
      60_000,
    );

  beforeAll(async () => {
    await servers.ev(
      ["up", "--detach", "--only", "kafka,mqtt,bridge,central", "--listen", servers.address],
      at("servers"),
    );
    const token = await servers.ev(["token", "frank"], at("servers"));
    const passwords = await servers.ev(["credentials", "11"], at("servers"));
    mkdirSync(stateOf("drivers"), { recursive: true });
    writeFleet(join(stateOf("drivers"), "fleet"), {
      system: SystemFile.parse({}),
      cps: [],
      drivers: [{ ...newDriverFile("driver-frank", 8105, { cps: [], drivers: [] }), requests: [] }],
    });
    await Promise.all([
      chargers.ev(["up", "--detach", "--only", "cps"], {
        ...at("chargers"),
        CP_ID: "CP-011",
        MQTT_URL: "mqtt://10.77.0.1:1883",
        CENTRAL_HOST: "10.77.0.1",
        EV_MQTT_CREDENTIALS: passwords,
      }),
      drivers.ev(["up", "--detach", "--only", "drivers"], {
        ...at("drivers"),
        DRIVER_ID: "frank",
        CENTRAL_URL: centralUrl,
        EV_TOKEN: token.trim(),
      }),
    ]);
    charger = await openChargerControl(join(placesOf(stateOf("chargers")).sockets, "CP-011.box.sock"));
    await shows("On", ({ state }) => state === "ON");
  });

  afterAll(async () => {
    charger?.close();
    const names = ["servers", "chargers", "drivers"];
    await Promise.all(hosts.map((host, i) => host.ev(["down"], at(names[i] ?? ""))));
    await Promise.all([chargers.ev(["down"], at("new-chargers")), drivers.ev(["down"], at("new-drivers"))]);
    remove();
    rmSync(dir, { recursive: true, force: true });
  });

  test("each host runs its own part, and only the servers' named address is open", async () => {
    const running = async (host: NetworkHost, name: string) =>
      (JSON.parse(await host.ev(["ps", "--json"], at(name))) as { name: string }[]).map((one) => one.name);
    expect(await running(servers, "servers")).toEqual(["ev-kafka", "ev-mqtt", "ev-bridge", "ev-central"]);
    expect(await running(chargers, "chargers")).toEqual(["ev-charger-11", "ev-cp-e-11", "ev-cp-m-11"]);
    expect(await running(drivers, "drivers")).toEqual(["ev-driver-frank"]);
    const open = async (host: NetworkHost) =>
      (await host.run("ss", ["-Hltn"]))
        .split("\n")
        .flatMap((line) => line.split(/\s+/)[3] ?? [])
        .filter((address) => !address.startsWith("127.0.0.1:"))
        .sort();
    expect(await open(servers)).toEqual(["10.77.0.1:1883", "10.77.0.1:8000", "10.77.0.1:9092"]);
    expect([await open(chargers), await open(drivers)]).toEqual([[], []]);
  });

  test("a session goes on while its host is cut off, and is billed once when it is back", async () => {
    await charger.cars("none");
    await charger.plug({ needWh: 100_000 });
    const asked = await post<{ session_id: string }>("/requests", { cp_id: "CP-011", vehicle_id: "VEH-011" });
    const sid = asked.session_id;
    await shows("supplying", ({ telemetry }) => telemetry?.session_id === sid && telemetry.kwh > 0);

    chargers.cable(false);
    await shows("Disconnected", ({ state }) => state === "DISCONNECTED");
    const before = await charger.status();
    expect(before.relayClosed).toBe(true);
    await eventually(
      "energy flowing behind the cut cable",
      async () => (await charger.status()).meteredRegisterWs > before.meteredRegisterWs + 7_200 || undefined,
      30_000,
    );
    expect(central.cdrs).toEqual([]);

    chargers.cable(true);
    await shows("On again and supplying", (cp) => cp.state === "ON" && cp.telemetry?.session_id === sid);
    await post(`/sessions/${sid}/stop`, {});
    await eventually("the bill", () => central.cdrs.length > 0 || undefined, 60_000);
    const [bill, ...more] = central.cdrs;
    expect(more).toEqual([]);
    expect(bill).toMatchObject({ sid, driver: "driver-frank" });
    // What flowed while nobody could hear of it is in the bill: all that the charger's own meter counted.
    const meteredWh = (await charger.status()).meteredRegisterWs / 3_600;
    expect(Math.abs((bill?.energyWh ?? 0) - meteredWh)).toBeLessThan(2);
    expect(meteredWh).toBeGreaterThan(before.meteredRegisterWs / 3_600 + 2);
    const history = await eventually(
      "the driver's history",
      async () => {
        const page = await json<unknown>(
          drivers,
          "http://localhost:8105/drivers/driver-frank/sessions/history",
        ).catch(() => undefined);
        return page && JSON.stringify(page).includes(sid) ? JSON.stringify(page) : undefined;
      },
      60_000,
    );
    expect(history).toContain(sid);
  });

  test("a charge point whose password is taken back is cut, and its host is told where to get another", async () => {
    expect(await servers.ev(["revoke", "11"], at("servers"))).toContain("CP-011-engine  revoked");
    await shows("Disconnected", ({ state }) => state === "DISCONNECTED");
    await chargers.ev(["down"], at("chargers"));
    const again = await servers.ev(["credentials", "11"], at("servers"));
    await chargers.ev(["up", "--detach", "--only", "cps"], {
      ...at("chargers"),
      CP_ID: "CP-011",
      MQTT_URL: "mqtt://10.77.0.1:1883",
      CENTRAL_HOST: "10.77.0.1",
      EV_MQTT_CREDENTIALS: again,
    });
    await shows("On", ({ state }) => state === "ON");
    await expect(
      chargers.ev(["up", "--only", "cps"], {
        EV_STATE: stateOf("nobody"),
        EV_PORT_OFFSET: "200",
        CP_ID: "CP-012",
        MQTT_URL: "mqtt://10.77.0.1:1883",
      }),
    ).rejects.toThrow(/no MQTT password for CP-012-engine and 1 other at .*: run `ev credentials 12`/);
  });

  test("on hosts that have no fleet yet, the first add-cp and add-driver begin one of nothing else, and it is used", async () => {
    const passwords = await servers.ev(["credentials", "1,2"], at("servers"));
    const [token = ""] = (await servers.ev(["token", "alice"], at("servers"))).split("\n");
    const elsewhere = { KAFKA_BOOTSTRAP: "10.77.0.1:9092", CENTRAL_HOST: "10.77.0.1" };
    const charging = { ...at("new-chargers"), ...elsewhere, MQTT_URL: "mqtt://10.77.0.1:1883" };
    await expect(chargers.ev(["add-cp", "1", "22.0", "0.30"], charging)).rejects.toThrow(
      /no MQTT password for CP-001-engine .*run `ev credentials 1`/,
    );
    const added = await chargers.ev(["add-cp", "1", "22.0", "0.30"], {
      ...charging,
      EV_MQTT_CREDENTIALS: passwords,
    });
    expect(added).toMatch(/CP-001 {2}22 kW TYPE2 at 0\.30 €\/kWh.*\n.*requestable \d/);
    const second = await chargers.ev(["add-cp", "2", "50.0", "0.35"], {
      ...charging,
      EV_MQTT_CREDENTIALS: passwords,
    });
    expect(second).toMatch(/CP-002 {2}50 kW CCS2 at 0\.35 €\/kWh.*\n.*requestable \d/);
    expect(readdirSync(join(stateOf("new-chargers"), "fleet")).sort()).toEqual([
      "CP-001.json",
      "CP-002.json",
      "system.json",
    ]);

    const driving = { ...at("new-drivers"), ...elsewhere, EV_TOKEN: token };
    expect(await drivers.ev(["add-driver", "alice", "8100"], driving)).toMatch(/page answers/);
    const points = await json<{ cp_id: string }[]>(drivers, "http://localhost:8100/charging-points");
    expect(points.map(({ cp_id }) => cp_id)).toEqual(expect.arrayContaining(["CP-001", "CP-002"]));
  });

  test("a driver's host without a token is told where to get one", async () => {
    await expect(
      drivers.ev(["up", "--only", "drivers"], {
        EV_STATE: stateOf("nobody"),
        EV_PORT_OFFSET: "100",
        DRIVER_ID: "grace",
        CENTRAL_URL: centralUrl,
      }),
    ).rejects.toThrow(/no token for driver-grace at http:\/\/10\.77\.0\.1:8000: run `ev token driver-grace`/);
  });
}
