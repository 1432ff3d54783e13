// Every view of the operator's page over a table that tells a story: readable by everybody, on every width, by
// keyboard alone, at its own address, and honest about what it does not know.
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { findingsOf } from "../support/axe.ts";
import { openChromium } from "../support/chromium.ts";
import { refuse } from "../support/refusal.ts";
import { openShowcase, type Showcase } from "../support/showcase.ts";
import { show, views } from "./screens.ts";

let browser: Browser;
let showcase: Showcase;
let context: BrowserContext;
let page: Page;
let wrongs: string[] = [];
let beat: ReturnType<typeof setInterval>;

beforeAll(async () => {
  [browser, showcase] = await Promise.all([openChromium(), openShowcase()]);
  // The fleet goes on as long as somebody looks.
  beat = setInterval(() => void showcase.later(1_000), 1_000);
});
afterAll(async () => {
  clearInterval(beat);
  await browser.close();
  await showcase.close();
});
beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce" });
  page = await context.newPage();
  page.setDefaultTimeout(20_000);
  wrongs = [];
  page.on("pageerror", (error) => wrongs.push(error.message));
  page.on("console", (message) => {
    // A refused connection is what the page itself tells in words.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      wrongs.push(message.text());
  });
  await page.goto(showcase.link);
  await page.getByText("60 shown").waitFor();
});
afterEach(async () => {
  await context.close();
  expect(wrongs).toEqual([]);
});

const cards = () => page.locator(".cp-card");
const isWide = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

describe("every view", () => {
  test("has no serious finding of axe, by day and by night, and fits 360 px and a wall display", async () => {
    const found: string[] = [];
    for (const { name, hash } of views(showcase)) {
      await page.emulateMedia({ colorScheme: "light" });
      await page.setViewportSize({ width: 1280, height: 800 });
      await show(page, hash);
      found.push(...(await findingsOf(page)).map((finding) => `${name}: ${finding}`));
      await page.emulateMedia({ colorScheme: "dark" });
      found.push(...(await findingsOf(page, "color-contrast")).map((finding) => `${name} dark: ${finding}`));
      for (const [width, height] of [
        [360, 740],
        [2560, 1440],
      ] as const) {
        await page.setViewportSize({ width, height });
        const beyond = await isWide();
        if (beyond > 0) found.push(`${name}: at ${width} px it is ${beyond} px too wide`);
      }
    }
    expect(found).toEqual([]);
  });

  test("has its address: it is there again after a reload, and one goes back to it", async () => {
    await show(page, "#/?show=broken&by=status");
    await page.getByRole("link", { name: /CP-007/ }).click();
    await page.getByRole("heading", { name: /CP-007/ }).waitFor();
    await page.getByRole("link", { name: "Faults" }).click();
    await page.reload();
    await page.getByRole("heading", { name: "When it was not On, and why" }).waitFor();
    await page.goBack();
    await page.goBack();
    await page.getByText("2 of 60 shown").waitFor();
    expect(await cards().count()).toBe(2);
  });
});

describe("the fleet", () => {
  test("is counted in tiles that filter it, and found by words without accents", async () => {
    const tile = (name: string) => page.getByRole("button", { name: new RegExp(`^${name}`) });
    await expect.poll(() => tile("Total").textContent()).toBe("Total60");
    await tile("Disconnected").click();
    await page.getByText("2 of 60 shown").waitFor();
    expect(await cards().allTextContents()).toEqual([
      expect.stringContaining("Disconnected"),
      expect.stringContaining("Disconnected"),
    ]);
    await page.getByRole("button", { name: "Clear filters" }).click();
    await page.getByRole("searchbox").fill("malaga plaza");
    await expect.poll(() => cards().count()).toBeGreaterThan(0);
    await expect
      .poll(() => page.locator(".group-head").allTextContents())
      .toEqual([expect.stringContaining("Málaga")]);
    for (const text of await cards().allTextContents()) expect(text).toContain("Plaza Nueva");
  });

  test("tells a status by icon, word and colour", async () => {
    await show(page, "#/?by=status");
    const badge = page.locator(".cp-card.cp-broken .badge").first();
    expect(await badge.textContent()).toBe("Broken");
    expect(await badge.locator("svg").count()).toBe(1);
    expect(await badge.evaluate((element) => getComputedStyle(element).color)).toBe("rgb(179, 24, 15)");
    const black = page.locator(".cp-card.cp-disconnected .badge").first();
    expect(await black.evaluate((element) => getComputedStyle(element).borderColor)).toBe("rgb(0, 0, 0)");
  });
});

describe("a long list", () => {
  interface Answer {
    rows: unknown[];
    next?: string;
  }
  /** Answers in the place of the server, by the cursor that is asked for. */
  const serve = (path: RegExp, answerTo: (cursor: string | null) => Answer | "refused") =>
    page.route(path, (route) => {
      const answer = answerTo(new URL(route.request().url()).searchParams.get("cursor"));
      if (answer === "refused") return refuse(route, 429, "too many requests");
      const { rows, next } = answer;
      const link = { link: `</cdrs?limit=100&cursor=${next}>; rel="next"` };
      return route.fulfill({ json: rows, headers: next === undefined ? {} : link });
    });
  const drivers = () => page.locator("tbody td:nth-child(3)").allTextContents();
  /** Bills of drivers n, n − 1 … 1 less than `until`. */
  const bills = (from: number, until: number) =>
    Array.from({ length: from - until }, (_, i) => ({
      cdr_id: `CDR-${from - i}`,
      cp_id: "CP-001",
      driver_id: `driver-${from - i}`,
      completed_at: new Date(Date.UTC(2026, 4, 3) + (from - i) * 60_000).toISOString(),
      energy_kwh: 1,
      price_eur_per_kwh: 0.3,
      cost: { amount_minor: 30, currency: "EUR" },
    }));

  test("shows every bill once while new ones come, and says why more did not come", async () => {
    let [newest, refuses] = [30, true];
    await serve(/\/cdrs\?/, (cursor) => {
      if (cursor === null) return { rows: bills(newest, newest - 10), next: `${newest - 10}` };
      return refuses ? "refused" : { rows: bills(Number(cursor), Number(cursor) - 10), next: "10" };
    });
    await show(page, "#/bills");
    await page.getByRole("button", { name: "Show more" }).click();
    await page.getByRole("alert").getByText("The next entries did not come: too many requests.").waitFor();
    expect(await findingsOf(page)).toEqual([]);
    refuses = false;
    await page.getByRole("button", { name: "Show more" }).click();
    await expect.poll(drivers).toEqual(bills(30, 10).map(({ driver_id }) => driver_id));
    expect(await page.getByRole("alert").count()).toBe(0);
    newest = 33;
    // A page that is seen again asks at once.
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await expect.poll(drivers).toEqual(bills(33, 10).map(({ driver_id }) => driver_id));
  });

  test("goes on by itself where a filter fits none of the newest, and says how far it has looked", async () => {
    let found = 3;
    await serve(/\/cdrs\?/, (cursor) => {
      const looked = Number(cursor ?? 0);
      return looked < found ? { rows: [], next: `${looked + 1}` } : { rows: bills(2, 0) };
    });
    await show(page, "#/bills?driver=driver-1");
    await expect.poll(drivers).toEqual(["driver-2", "driver-1"]);
    found = 8;
    await show(page, "#/bills?driver=driver-2");
    await page.getByText("None among the newest entries;").waitFor();
    for (let n = 0; n < 3; n++) await page.getByRole("button", { name: "Show more" }).click();
    await expect.poll(drivers).toEqual(["driver-2", "driver-1"]);
  });
});

describe("by keyboard alone", () => {
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");

  test("the first stop leads past the navigation, and a charge point is opened and stopped", async () => {
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Skip to the content");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Total60");
    await page.getByRole("searchbox").focus();
    await page.keyboard.type("CP-019");
    await page.getByText("1 of 60 shown").waitFor();
    for (let n = 0; n < 12 && !(await focused()).startsWith("CP-019"); n++) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    const stop = page.getByRole("button", { name: "Stop charge point…" });
    await stop.focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Stop CP-019?" });
    await dialog.waitFor();
    expect(await findingsOf(page)).toEqual([]);
    // The focus stays inside, whichever way one goes.
    for (let n = 0; n < 9; n++) {
      await page.keyboard.press(n < 6 ? "Tab" : "Shift+Tab");
      const outside = await page.evaluate(
        () => document.activeElement !== document.body && !document.activeElement?.closest("dialog"),
      );
      expect(outside).toBe(false);
    }
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await expect.poll(focused).toBe("Stop charge point…");
  });

  test("a command asks for its reason where one is needed", async () => {
    await page.getByRole("button", { name: "Stop all…" }).click();
    await page.getByRole("button", { name: "Stop all", exact: true }).click();
    await page.getByRole("alert").getByText("Say why.").waitFor();
    await page.getByLabel("Reason").fill("fire drill");
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: "Your commands" }).getByText("Stop all charge points").waitFor();
  });
});

describe("what cannot be known is said", () => {
  test("a command whose outcome cannot be learnt says so, and is looked for again when one asks", async () => {
    await page.route("**/operations/*", (route) => refuse(route, 404, "no request of this id"));
    await show(page, "#/cp/CP-019");
    await page.getByRole("button", { name: "Stop charge point…" }).click();
    await page.getByRole("button", { name: "Stop it" }).click();
    const tray = page.getByRole("region", { name: "Your commands" });
    const said = tray.getByText("What became of it is not known here: no request of this id.");
    await said.waitFor();
    expect(await findingsOf(page)).toEqual([]);
    await page.unroute("**/operations/*");
    await tray.getByRole("button", { name: "Look again" }).click();
    await said.waitFor({ state: "detached" });
    expect(await tray.getByText("queued").count()).toBe(1);
  });

  test("a server that is gone leaves the last picture, with its age, until it is back", async () => {
    showcase.cutOff(true);
    await page.getByText(/Central cannot be reached; this picture is/).waitFor();
    await page.locator(".freshness", { hasText: /No connection · \d+ s old/ }).waitFor({ timeout: 30_000 });
    expect(await cards().count()).toBeGreaterThan(0);
    showcase.cutOff(false);
    await page.getByText(/Central cannot be reached/).waitFor({ state: "detached", timeout: 40_000 });
    await page.locator(".freshness", { hasText: /Live$/ }).waitFor({ timeout: 60_000 });
  });

  test("without its link the page says where that is", async () => {
    const other = await (await browser.newContext()).newPage();
    await other.goto(showcase.url);
    await other.getByRole("heading", { name: "This page needs its link" }).waitFor();
    await other.context().close();
  });

  test("a new link opened in the tab whose token has ended is taken there, and by the other tabs", async () => {
    const other = await browser.newContext();
    const [tab, second] = [await other.newPage(), await other.newPage()];
    await tab.goto(showcase.url);
    await second.goto(`${showcase.url}/#/reviews`);
    for (const one of [tab, second]) await one.getByText("This page needs its link").waitFor();
    // Marks the document: a link that differs in its fragment only loads none anew.
    await tab.evaluate(() => document.body.setAttribute("data-same", ""));
    await tab.goto(showcase.link);
    await tab.getByText("60 shown").waitFor();
    expect(await tab.locator("body[data-same]").count()).toBe(1);
    expect(tab.url()).toBe(`${showcase.url}/`);
    await second.getByRole("heading", { name: "Reviews" }).waitFor();
    // One that the server refuses is forgotten here, and the tab beside it gives its own.
    await tab.goto(`${showcase.url}/#token=ended`);
    await expect.poll(() => tab.evaluate(() => sessionStorage.getItem("token"))).not.toBe("ended");
    await tab.getByText("60 shown").waitFor();
    await other.close();
  });

  test("a second tab gets the token from the first, and it stands in no address", async () => {
    const second = await context.newPage();
    await second.goto(`${showcase.url}/#/reviews`);
    await second.getByRole("heading", { name: "Reviews" }).waitFor();
    expect(second.url()).toBe(`${showcase.url}/#/reviews`);
    expect(page.url()).not.toContain("token");
  });
});
