// An operator's day on a live fleet: a crash turns a card red and it recovers, a charge point is stopped and resumed, a
// bill is explained, a review settled, and a dead letter repaired and replayed.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readPasswords } from "../../../simulator/fleet/password-files.ts";
import { mqttTopics } from "../../../wire/messages/index.ts";
import { eventually, LiveFleet } from "../../support/live-fleet.ts";
import { findingsOf } from "../support/axe.ts";
import { openChromium } from "../support/chromium.ts";

const fleet = new LiveFleet(22_000);
const driver = "driver-alice";
const repairedName = `<img src=x onerror="document.title='broken into'">`;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  fleet.write((files) => {
    files.cps = files.cps.slice(0, 3);
    files.drivers = files.drivers
      .filter(({ driver_id }) => driver_id === driver)
      .map((file) => ({ ...file, loop: false, requests: [] }));
  });
  [browser] = await Promise.all([openChromium(), fleet.up()]);
  const link = /operator page\s+(http\S+)/.exec(fleet.output)?.[1] ?? "";
  page = await browser.newPage({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" });
  page.setDefaultTimeout(60_000);
  await page.goto(link);
  await eventually(
    "three charge points On",
    async () => (await page.locator(".cp-card.cp-on").count()) === 3 || undefined,
    60_000,
  );
});

afterAll(async () => {
  await browser?.close();
  await fleet.down();
  fleet.remove();
});

const card = (cp: string) => page.locator(".cp-card", { hasText: cp });
/** A card's kind, by its colour's class. */
const kindOf = (cp: string) =>
  card(cp)
    .getAttribute("class")
    .then((classes) => /cp-(on|charging|broken|disconnected|stopped)/.exec(classes ?? "")?.[1]);
const becomes = (cp: string, kind: string) =>
  expect.poll(() => kindOf(cp), { timeout: 60_000, interval: 50 }).toBe(kind);
const go = (hash: string) =>
  page.evaluate((next) => {
    location.hash = next;
  }, hash);
const act = async (name: string, reason: string) => {
  await page.getByRole("dialog").getByLabel("Reason").fill(reason);
  await page.getByRole("dialog").getByRole("button", { name }).click();
};
const orders = () => page.getByRole("region", { name: "Your commands" });
const applied = async (name: string) =>
  orders().locator("article", { hasText: name }).locator(".steps-applied").waitFor({ timeout: 60_000 });

/** Asks for a charge, as the driver's phone does. */
async function charge(cp: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${fleet.port(8100)}/drivers/${driver}/requests`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ cp_id: cp, vehicle_id: "VEH-001" }),
  });
  expect(answer.status).toBe(202);
  return ((await answer.json()) as { session_id: string }).session_id;
}

test("a crash turns the card red within seconds, and it recovers", async () => {
  await go("#/");
  const killedMs = Date.now();
  await fleet.ev("kill", "ev-cp-e-2");
  await becomes("CP-002", "broken");
  expect(Date.now() - killedMs).toBeLessThan(15_000);
  expect(await card("CP-002").locator(".badge").textContent()).toBe("Broken");
  await page.getByRole("button", { name: /^Broken/, pressed: false }).click();
  await page.getByText("1 of 3 shown").waitFor();
  expect(await findingsOf(page)).toEqual([]);
  await page.getByRole("button", { name: "Clear filters" }).click();
  await fleet.ev("start", "ev-cp-e-2");
  await becomes("CP-002", "on");
  await go("#/cp/CP-002?tab=faults");
  const row = page.getByRole("row", { name: /^Broken/ }).first();
  await row.waitFor();
  expect(await row.textContent()).toMatch(/^Broken(no answer|engine|.*)/);
});

test("a charge point is stopped and resumed, and each command's way is seen", async () => {
  await go("#/cp/CP-002");
  await page.getByRole("button", { name: "Stop charge point…" }).click();
  await act("Stop it", "cable damaged");
  await applied("Stop");
  await go("#/");
  await becomes("CP-002", "stopped");
  await go("#/cp/CP-002");
  await page.getByRole("button", { name: "Resume charge point…" }).click();
  await act("Resume it", "cable replaced");
  await applied("Resume");
  await go("#/");
  await becomes("CP-002", "on");
  await go("#/audit");
  await page.getByRole("row", { name: /Stop.*cable damaged.*done/ }).waitFor();
});

test("a session runs with its figures, is stopped, and its bill is explained to the cent", async () => {
  const sid = await charge("CP-001");
  await go("#/");
  await becomes("CP-001", "charging");
  await card("CP-001").click();
  await page.getByText(`Driver ${driver}`).waitFor();
  await page.locator(".chart-line").first().waitFor({ state: "attached", timeout: 60_000 });
  await expect
    .poll(async () => Number.parseFloat((await page.locator(".figures strong").nth(1).textContent()) ?? ""), {
      timeout: 60_000,
    })
    .toBeGreaterThan(0);
  await page.getByRole("button", { name: "Stop session…" }).click();
  await act("Stop the session", "the driver called");
  await applied("Stop the session");
  const bill = await eventually("the bill", () => fleet.cdrs.find((cdr) => cdr.sid === sid), 60_000);
  await go("#/bills");
  await page
    .getByRole("row", { name: /CP-001/ })
    .getByRole("link")
    .first()
    .click();
  const steps = page.locator(".derivation");
  await steps.waitFor();
  const told = (await steps.textContent()) ?? "";
  expect(told).toContain(`${bill.registerEndWh} Wh − ${bill.registerStartWh} Wh`);
  expect(told).toContain(`${bill.amountMinor} cents`);
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe(
    `€${(bill.amountMinor / 100).toFixed(2)}`,
  );
});

test("a lost journal becomes a review, and waiving it is the operator's word", async () => {
  const sid = await charge("CP-003");
  await go("#/");
  await becomes("CP-003", "charging");
  await fleet.ev("kill", "ev-cp-e-3");
  for (const end of ["", "-wal", "-shm"])
    rmSync(join(fleet.state, "data/CP-003", `journal.db${end}`), { force: true });
  await fleet.ev("start", "ev-cp-e-3");
  await page.getByRole("link", { name: /Reviews.*1 waiting/ }).waitFor({ timeout: 60_000 });
  await go("#/reviews");
  await page
    .getByRole("row", { name: /CP-003.*journal lost/i })
    .getByRole("link")
    .click();
  await page.getByRole("heading", { name: /journal lost/i }).waitFor();
  await page.getByRole("button", { name: "Waive…" }).click();
  await act("Waive it", "the disk was replaced");
  await page.getByText(/waived by operator: the disk was replaced/).waitFor({ timeout: 60_000 });
  expect(fleet.reviews.find((review) => review.sid === sid)?.settled).toMatchObject({ decision: "waive" });
  expect(fleet.cdrs.some((cdr) => cdr.sid === sid)).toBe(false);
});

test("what a charge point that never came back had charged is billed by the operator's word", async () => {
  const sid = await charge("CP-001");
  await go("#/");
  await becomes("CP-001", "charging");
  // A meter that has moved: there is something to bill.
  await go("#/cp/CP-001");
  await expect
    .poll(async () => Number.parseFloat((await page.locator(".figures strong").nth(1).textContent()) ?? ""), {
      timeout: 60_000,
    })
    .toBeGreaterThan(0.01);
  await fleet.ev("stop", "ev-cp-m-1");
  await fleet.ev("kill", "ev-cp-e-1");
  await page.getByRole("button", { name: "Retire…" }).click();
  await act("Retire it", "hit by a lorry");
  await applied("Retire");
  await go("#/reviews");
  await page
    .getByRole("row", { name: /CP-001/ })
    .getByRole("link")
    .click();
  await page.getByRole("button", { name: "Bill…" }).click();
  const amount =
    (await page.getByRole("dialog").textContent())?.match(/Bill (€[\d.]+)\?/)?.[1] ?? "no amount";
  const may = page.getByRole("dialog").getByRole("button", { name: "Bill it" });
  // Nobody is billed without a reason.
  if (await may.isEnabled()) {
    await may.click();
    await page.getByRole("dialog").waitFor();
  }
  expect(fleet.cdrs.some((cdr) => cdr.sid === sid)).toBe(false);
  await act("Bill it", "the meter was read on site");
  await page.getByText(/billed by operator: the meter was read on site/).waitFor({ timeout: 60_000 });
  const bill = await eventually("the bill", () => fleet.cdrs.find((cdr) => cdr.sid === sid), 60_000);
  await page.getByRole("link", { name: "Show the bill" }).click();
  await page.locator(".derivation").waitFor();
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe(amount);
  expect(amount).toBe(`€${(bill.amountMinor / 100).toFixed(2)}`);
  const told = (await page.locator(".derivation").textContent()) ?? "";
  expect(told).toContain(`${bill.registerEndWh} Wh − ${bill.registerStartWh} Wh`);
  expect(told).toContain("the review that operator settled");
  await page.getByText(/the meter was read on site/).waitFor();
  expect(await findingsOf(page)).toEqual([]);
});

test("an unreadable message is a dead letter, and has its effect once it is repaired and replayed", async () => {
  await fleet.ev("stop", "ev-cp-m-2");
  await publishBadRegistration("CP-002");
  await page.getByRole("link", { name: /Dead letters.*1 waiting/ }).waitFor({ timeout: 60_000 });
  await go("#/dead-letters");
  await page
    .getByRole("row", { name: /CP-002/ })
    .getByRole("link")
    .click();
  await page.getByRole("button", { name: "Replay…" }).click();
  const dialog = page.getByRole("dialog");
  const repaired = dialog.getByLabel("The event, repaired");
  if (!(await repaired.isVisible())) await dialog.getByRole("checkbox").check();
  await repaired.fill((await repaired.inputValue()).replace(/"powerW": "[^"]+"/, '"powerW": 11000'));
  expect(await findingsOf(page)).toEqual([]);
  await act("Replay it", "its power was a word");
  await page.getByText(/replayed by operator/).waitFor({ timeout: 60_000 });
  await go("#/cp/CP-002");
  await page.getByRole("heading", { name: repairedName }).waitFor({ timeout: 60_000 });
  // What looks like markup in a name is a name.
  expect(await page.locator("img").count()).toBe(0);
  expect(await page.title()).not.toBe("broken into");
});

/** What the monitor would have sent at its next start, with a word where a number belongs. */
async function publishBadRegistration(cp: string): Promise<void> {
  const state = JSON.parse(readFileSync(join(fleet.state, "data", cp, "monitor.json"), "utf8")) as {
    journal: string;
    epoch: number;
  };
  const known = fleet.cpRows.find((row) => row.cp === cp)?.registration;
  const event = {
    v: 1,
    cp,
    src: "monitor",
    journal: state.journal,
    epoch: state.epoch + 1,
    seq: 1,
    prev: 0,
    type: "registration",
    at: { boot: "another-start", mono: 1, wall: Date.now(), synced: true },
    body: { ...known, name: repairedName, powerW: "eleven" },
  };
  const clientId = `${cp}-monitor`;
  const client = await connectAsync(`mqtt://127.0.0.1:${fleet.port(1883)}`, {
    clientId,
    username: clientId,
    password: readPasswords(fleet.places, "ev-cp-m-2").get(clientId) ?? "",
  });
  await client.publishAsync(mqttTopics.monitorEvents(cp), JSON.stringify(event), { qos: 1 });
  await client.endAsync();
}
