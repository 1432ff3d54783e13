// What comes after all: a bill or an operator's word about a session that was over, and a refusal of what was pressed.
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { keys } from "../../../central-fn/tables/rows.ts";
import { findingsOf } from "../support/axe.ts";
import { openChromium } from "../support/chromium.ts";
import { refuse } from "../support/refusal.ts";
import { open } from "./scenes.ts";
import { phone } from "./screens.ts";
import { openStage, type Stage } from "./stage.ts";
import { alice, billed, driverRow, put, session, sidOf } from "./story.ts";

let browser: Browser;
let stage: Stage;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser?.close());
beforeEach(async () => {
  stage = await openStage(Date.UTC(2026, 4, 3, 9, 30));
  context = await browser.newContext(phone);
  page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.clock.setFixedTime(stage.nowMs());
  await page.goto(stage.url);
  await page.getByText("10 charging points").waitFor();
});
afterEach(async () => {
  await context.close();
  await stage.close();
});

const [cp, n] = ["CP-003", 40];
const minute = 60_000;
const heading = (name: string) => page.getByRole("heading", { name, exact: true });
const askedAtMs = () => stage.beganMs - 20 * minute;
const inReview = (more: { waived?: boolean } = {}) =>
  session(cp, n, askedAtMs(), { rank: "NEEDS_REVIEW", reason: "journal lost", ...more });
/** The fifth message of her inbox. */
const told = (event: string, message: string) => [
  put(keys.inbox(alice, 5), {
    sequence: 5,
    createdAtMs: stage.nowMs(),
    type: "SESSION",
    event,
    message,
    sid: sidOf(cp, n),
    cp,
  }),
  driverRow({ inboxLast: 5, inboxRead: 4 }),
];

/** The app has seen it run, and then that nobody could vouch for it. */
async function seeTheReview(): Promise<void> {
  await stage.commit([
    ...session(cp, n, askedAtMs(), { startedAtMs: askedAtMs() }),
    driverRow({ activeSid: sidOf(cp, n), inboxLast: 4, inboxRead: 4 }),
  ]);
  await open(page, `#/session/${sidOf(cp, n)}`);
  await page.getByRole("button", { name: "Stop charging" }).waitFor();
  await stage.commit([...inReview(), driverRow({ inboxLast: 4, inboxRead: 4 })]);
  await heading("Being looked into").waitFor();
}

test("a session that was looked into gets its bill, and so does the screen that showed it", async () => {
  await seeTheReview();
  await stage.commit([
    ...billed(cp, n, stage.nowMs() - minute, 5_402, "Other", { requestedAtMs: askedAtMs() }),
    ...told("completed", `Charging at ${cp} is completed: 5.402 kWh, €1.62.`),
  ]);
  await heading("Completed").waitFor();
  await page.getByRole("link", { name: "Receipt" }).waitFor();
});

test("a session that was waived has nothing to pay, on its screen and in the list, also after a reload", async () => {
  await seeTheReview();
  await stage.commit([
    ...inReview({ waived: true }),
    ...told("waived", `Your session at ${cp} was looked into: you pay nothing for it.`),
  ]);
  await heading("Nothing to pay").waitFor();
  await page.getByText("Journal lost. An operator looked into it: you pay nothing for it.").waitFor();
  expect(await findingsOf(page)).toEqual([]);
  await page.reload();
  await heading("Nothing to pay").waitFor();
  await open(page, "#/sessions");
  await page.locator(".past").getByText("Nothing to pay").waitFor();
});

test("a star that was refused goes back, and says why", async () => {
  await page.route("**/favorites", (route) => refuse(route, 503, "not now"));
  await open(page, `#/point/${cp}`);
  const star = page.getByRole("button", { name: /^Favourite:/ });
  await star.click();
  await page.getByRole("alert").getByText("No answer. It may have arrived or not").waitFor();
  expect(await star.getAttribute("aria-pressed")).toBe("false");
  expect(await findingsOf(page)).toEqual([]);
  await page.unroute("**/favorites");
  await star.click();
  await page.getByRole("alert").waitFor({ state: "detached" });
  expect(await star.getAttribute("aria-pressed")).toBe("true");
});
