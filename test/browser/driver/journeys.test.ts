// Drivers at their phones, in a real browser on a live fleet: a line, an offer, a session that an engine's crash
// interrupts, its receipt; a phone without its network; and two drivers who do not see one another.
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ChargerControl, openChargerControl } from "../../../simulator/charger/control.ts";
import { eventually, LiveFleet } from "../../support/live-fleet.ts";
import { openChromium } from "../support/chromium.ts";
import { phone } from "./screens.ts";

const fleet = new LiveFleet(23_000);
const boxes = new Map<string, ChargerControl>();
const alicePort = fleet.port(8100);
const bobPort = fleet.port(8101);
const patienceMs = 60_000;
const patience = { timeout: patienceMs };
let browser: Browser;
let context: BrowserContext;
let alice: Page;

beforeAll(async () => {
  fleet.write((files) => {
    // 22 kW: some 6 Wh a second.
    files.cps = files.cps.slice(2, 4).map((cp) => ({ ...cp, cars: "none" as const }));
    files.drivers = files.drivers.slice(0, 2).map((driver) => ({ ...driver, requests: [] }));
  });
  await fleet.up();
  await eventually(
    "both charge points On",
    async () =>
      (await fleet.cps()).charging_points.filter(({ state }) => state === "ON").length === 2 || undefined,
    patienceMs,
  );
  browser = await openChromium();
  context = await browser.newContext({ ...phone, serviceWorkers: "allow" });
  alice = await context.newPage();
  await alice.goto(`http://localhost:${alicePort}/`);
});

afterAll(async () => {
  await browser?.close();
  for (const box of boxes.values()) box.close();
  await fleet.down();
  fleet.remove();
});

async function box(cp: string): Promise<ChargerControl> {
  const known = boxes.get(cp) ?? (await openChargerControl(`${fleet.places.sockets}/${cp}.box.sock`));
  boxes.set(cp, known);
  return known;
}

/** The car's need is larger than any of these sessions. */
const plugIn = async (cp: string) => (await box(cp)).plug({ needWh: 100_000 });

async function call<T>(port: number, method: string, path: string, json?: unknown): Promise<T> {
  const answer = await fetch(`http://localhost:${port}${path}`, {
    method,
    headers: { "content-type": "application/json", prefer: "wait=5" },
    ...(json !== undefined && { body: JSON.stringify(json) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** Bob's session at `cp`, with energy flowing. */
async function bobCharges(cp: string): Promise<string> {
  await plugIn(cp);
  const path = "/drivers/driver-bob/requests";
  const { session_id } = await call<{ session_id: string }>(bobPort, "POST", path, {
    cp_id: cp,
    vehicle_id: "VEH-2",
  });
  await eventually(
    "bob's energy",
    () => fleet.sessions.some(({ sid, rank }) => sid === session_id && rank === "CHARGING") || undefined,
    patienceMs,
  );
  return session_id;
}

/** Without a connection: the app says that it was not sent. */
async function pressStop(): Promise<void> {
  await alice.getByRole("button", { name: "Stop charging" }).click();
  await alice.getByRole("dialog").getByRole("button", { name: "Stop charging" }).click();
  await alice.getByText("Not sent: there is no connection.").first().waitFor(patience);
}

const heading = (name: string | RegExp) => alice.getByRole("heading", { name, exact: true });
const billOf = (sid: string) => fleet.cdrs.filter((cdr) => cdr.sid === sid);
const sidOnScreen = () => /session\/(S-[\w-]+)/.exec(alice.url())?.[1] ?? "";

test("she finds a busy point, waits in line, takes her offer and charges; an engine's crash ends it with the right receipt", async () => {
  const bobs = await bobCharges("CP-003");
  await alice
    .getByRole("link", { name: /Explanada/ })
    .filter({ hasText: "In use" })
    .click(patience);
  await alice.getByRole("link", { name: "Wait in line" }).click(patience);
  await alice.getByLabel("Name or number plate").fill("1234 bcd");
  await alice.getByRole("button", { name: "Add" }).click();
  await alice.getByRole("button", { name: "Take a place in line" }).click();
  await heading("In line").waitFor(patience);
  await alice.getByText("1 of 1").waitFor(patience);
  const sid = sidOnScreen();

  await call(bobPort, "POST", `/drivers/driver-bob/sessions/${bobs}/stop`);
  await eventually("bob's bill", () => billOf(bobs).length === 1 || undefined, patienceMs);
  await (await box("CP-003")).unplug();
  await heading("Your turn").waitFor(patience);
  expect(await alice.getByRole("timer").innerText()).toMatch(/^(5:00|4:[0-5]\d)$/);
  await alice.getByRole("button", { name: "Confirm and start" }).click();
  await heading(/Starting|Plug in/).waitFor(patience);
  await plugIn("CP-003");
  await heading("Charging").waitFor(patience);
  await expect.poll(() => alice.locator(".live-energy").innerText(), patience).toMatch(/0\.0[1-9]\d kWh/);

  await fleet.ev("kill", "ev-cp-e-3");
  await heading("Interrupted").waitFor(patience);
  await fleet.ev("start", "ev-cp-e-3");
  await heading("Completed").waitFor(patience);
  await alice.getByText("The charging point restarted.").waitFor(patience);
  const [cdr, ...more] = billOf(sid);
  expect(more).toEqual([]);
  if (!cdr) throw new Error("no bill");
  expect(cdr.energyWh).toBe(cdr.registerEndWh - cdr.registerStartWh);
  expect(cdr.energyWh).toBeGreaterThanOrEqual(10);
  const euros = `€${(cdr.amountMinor / 100).toFixed(2)}`;
  const kwh = `${(cdr.energyWh / 1_000).toFixed(3)} kWh`;
  expect(await alice.locator(".big-figure").innerText()).toBe(euros);

  const [receipt] = await Promise.all([
    context.waitForEvent("page"),
    alice.getByRole("link", { name: "Receipt" }).click(),
  ]);
  await receipt.getByText(cdr.cdrId).first().waitFor(patience);
  const text = await receipt.locator("main").innerText();
  expect(text).toContain(euros);
  expect(text).toContain(kwh);
  expect(text).toContain("1234-BCD");
  await receipt.close();
  await (await box("CP-003")).unplug();
});

test("without her phone's network the app says so, sends nothing later, and finds every message afterwards", async () => {
  await alice.evaluate(() => {
    location.hash = "#/point/CP-004/start";
  });
  await plugIn("CP-004");
  await alice.getByRole("button", { name: "Start charging" }).click(patience);
  await heading("Charging").waitFor(patience);
  const sid = sidOnScreen();
  // The last figures are kept at the latest when the page is left; the worker has the app's own files.
  await alice.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  await expect.poll(() => alice.locator(".live-energy").innerText(), patience).not.toBe("0.000 kWh");

  await context.setOffline(true);
  await fleet.ev("kill", "ev-driver-alice");
  await alice.getByText("No connection.").first().waitFor(patience);
  const sent: string[] = [];
  alice.on("request", (request) => {
    if (request.method() !== "GET") sent.push(`${request.method()} ${new URL(request.url()).pathname}`);
  });
  await pressStop();
  // Opened anew without any network: the app is there, with what was last heard and how old it is.
  await alice.reload();
  await heading("Charging").waitFor(patience);
  await alice.getByText(/What you see is \d+ s old\./).waitFor(patience);
  await pressStop();

  // Meanwhile the car leaves: the session ends and is billed without her.
  expect(fleet.sessions.find((one) => one.sid === sid)?.rank).toBe("CHARGING");
  await (await box("CP-004")).unplug();
  await eventually("her bill", () => billOf(sid).length === 1 || undefined, patienceMs);
  expect(billOf(sid)[0]?.stopReason).toBe("EVDisconnected");
  expect(await heading("Charging").isVisible()).toBe(true);

  await fleet.ev("start", "ev-driver-alice");
  await context.setOffline(false);
  await alice.getByText("Connected again.").first().waitFor(patience);
  await heading("Completed").waitFor(patience);
  await alice.getByRole("link", { name: /Messages/ }).click();
  await alice.getByText(/Charging at CP-004 is completed/).waitFor(patience);
  const inbox = await call<{ message: string; sequence: number }[]>(
    alicePort,
    "GET",
    "/drivers/driver-alice/notifications",
  );
  expect(inbox.map(({ sequence }) => sequence)).toEqual(inbox.map((_, i) => i + 1));
  const shown = await alice.locator(".message-words").allInnerTexts();
  expect(shown).toHaveLength(inbox.length);
  for (const [i, { message }] of inbox.toReversed().entries()) expect(shown[i]).toContain(message);
  // Neither stop that was pressed without a connection was ever sent; reading the messages was.
  const read = "POST /drivers/driver-alice/notifications/read";
  await expect.poll(() => sent.includes(read), patience).toBe(true);
  expect(sent.filter((one) => one !== read)).toEqual([]);
});

test("alice cannot see bob: not by his addresses, not by his phone, not in what her phone keeps", async () => {
  const bobs = await call<{ session_id: string }[]>(bobPort, "GET", "/drivers/driver-bob/sessions/history");
  const [{ session_id: sid } = { session_id: "" }] = bobs;
  expect(sid).toMatch(/^S-CP-003-/);
  const statuses = await alice.evaluate(
    (paths) => Promise.all(paths.map((path) => fetch(path).then(({ status }) => status))),
    [
      "/drivers/driver-bob/sessions/history",
      "/drivers/driver-bob/notifications",
      `/drivers/driver-bob/receipts/${sid}`,
      `/drivers/driver-alice/sessions/${sid}`,
    ],
  );
  expect(statuses).toEqual([404, 404, 404, 404]);
  await alice.evaluate((id) => {
    location.hash = `#/session/${id}`;
  }, sid);
  await alice.getByText("There is no such session.").waitFor(patience);
  const other = await alice.evaluate(
    (port) =>
      fetch(`http://localhost:${port}/phone`).then(
        ({ status }) => status,
        (error) => String(error),
      ),
    bobPort,
  );
  expect(other).toMatch(/TypeError/);
  expect(await alice.evaluate(() => JSON.stringify({ ...localStorage }))).not.toContain("driver-bob");
});
