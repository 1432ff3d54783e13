// How the driver app is built and looks: small, reachable, readable by night, by keyboard and by screen reader, and
// quiet while its figures change. Every screen of a day, on a small phone.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makePages } from "../../support/built-pages.ts";
import { findingsOf } from "../support/axe.ts";
import { openChromium } from "../support/chromium.ts";
import { later, open, type Scene, scenes } from "./scenes.ts";
import { phone } from "./screens.ts";
import { openStage, type Stage } from "./stage.ts";
import { energyOf, figures } from "./story.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser?.close());

test("the first load is at most 150 kB, compressed", async () => {
  const pages = await makePages();
  try {
    const dir = join(pages.dir, "driver");
    // Icons are fetched by whoever installs the app.
    const files = ["index.html", ...readdirSync(join(dir, "app")).map((file) => join("app", file))];
    const loaded = files.filter(
      (file) => !/icon-\w+-[^.]*\.png$/.test(file) && !file.includes("icon-maskable"),
    );
    const bytes = loaded.reduce(
      (sum, file) => sum + gzipSync(readFileSync(join(dir, file)), { level: 9 }).length,
      0,
    );
    console.log(
      `driver app, first load: ${(bytes / 1_000).toFixed(1)} kB of 150 kB, in ${loaded.length} files`,
    );
    expect(bytes).toBeLessThan(150_000);
    expect(loaded.length).toBeLessThan(8);
  } finally {
    pages.remove();
  }
});

describe("every screen", () => {
  let stage: Stage;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    stage = await openStage(Date.UTC(2026, 4, 3, 9, 30));
    const context = await browser.newContext(phone);
    page = await context.newPage();
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (said) => {
      if (
        said.type() === "error" &&
        !/ERR_(INTERNET_DISCONNECTED|NETWORK_CHANGED|INCOMPLETE_CHUNKED)/.test(said.text())
      )
        complaints.push(said.text());
    });
    await page.clock.setFixedTime(stage.nowMs());
    await page.goto(stage.url);
  });
  afterAll(async () => {
    await page?.context().close();
    await stage?.close();
  });

  test.each(scenes.map((scene): [string, Scene] => [scene.name, scene]))(
    "%s: no serious finding by day or night, nothing beyond the edge, all of it a thumb wide",
    async (_, scene) => {
      await scene.show(page, stage);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
      expect(await page.evaluate(smallTargets)).toEqual([]);
      expect(await findingsOf(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: "dark" });
      expect(await findingsOf(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: "light" });
      expect(complaints).toEqual([]);
    },
  );
});

test("nothing moves while figures change", async () => {
  const stage = await openStage(Date.UTC(2026, 4, 3, 9, 30));
  const context = await browser.newContext(phone);
  try {
    const page = await context.newPage();
    await page.clock.setFixedTime(stage.nowMs());
    await page.goto(stage.url);
    const begin = scenes.filter(({ name }) => name === "starting");
    for (const scene of begin) await scene.show(page, stage);
    const charging = scenes.find(({ name }) => name === "charging");
    await charging?.show(page, stage);
    const places = () =>
      page.evaluate(() =>
        [...document.querySelectorAll("main *:not(svg *), nav *:not(svg *)")].map((element) => {
          const { x, y, width, height } = element.getBoundingClientRect();
          // A figure may get wider to its right, where nothing stands; its place and everything else stay.
          return [
            element.tagName,
            Math.round(x),
            Math.round(y),
            element.matches(".fact b") ? 0 : Math.round(width),
            Math.round(height),
          ].join(" ");
        }),
      );
    const before = await places();
    const energy = () => page.locator(".live-energy").innerText();
    const was = await energy();
    for (let n = 0; n < 5; n++) {
      await later(page, stage, 1_000);
      const reading = figures("CP-003", 20, stage.beganMs, stage.nowMs());
      await stage.commit([reading]);
      await page.locator(".live-energy", { hasText: energyOf(reading) }).waitFor();
    }
    await expect.poll(energy).not.toBe(was);
    expect(await places()).toEqual(before);
  } finally {
    await context.close();
    await stage.close();
  }
});

test("by keyboard alone: to a charging point, through its form, and a question closes on Escape", async () => {
  const stage = await openStage(Date.UTC(2026, 4, 3, 9, 30));
  const context = await browser.newContext(phone);
  try {
    const page = await context.newPage();
    await page.clock.setFixedTime(stage.nowMs());
    await page.goto(stage.url);
    await page.getByText("10 charging points").waitFor();
    await page.keyboard.press("Tab");
    await expectFocus(page, "To the content");
    await page.keyboard.press("Enter");
    const until = async (name: RegExp) => {
      for (let n = 0; n < 40; n++) {
        await page.keyboard.press("Tab");
        if (name.test(await focused(page))) return;
      }
      throw new Error(`not reached by Tab: ${name}`);
    };
    await until(/Mercado Central/);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Mercado Central" }).waitFor();
    // The new screen's heading has the focus, so that it is read and Tab goes on from there.
    await expectFocus(page, "Mercado Central");
    await page.getByRole("link", { name: /Charge here/ }).waitFor();
    await until(/Charge here/);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Start charging" }).waitFor();
    await page.getByRole("radio", { name: "No limit" }).focus();
    await page.keyboard.press("ArrowRight");
    expect(await page.getByRole("radio", { name: "Energy" }).isChecked()).toBe(true);
    await until(/^More$/);
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("output").innerText()).toBe("11 kWh");
    await open(page, "#/");
    await page.getByRole("button", { name: "Filters" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await expectFocus(page, "Filters");
  } finally {
    await context.close();
    await stage.close();
  }
});

async function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    return element?.getAttribute("aria-label") ?? element?.textContent ?? "";
  });
}

async function expectFocus(page: Page, name: string): Promise<void> {
  await expect.poll(() => focused(page)).toBe(name);
}

/** What can be pressed and is less than 44 px high or wide, links within text aside. */
function smallTargets(): string[] {
  const pressed = [...document.querySelectorAll("a, button, select, input, [role=switch]")];
  return pressed.flatMap((element) => {
    const target = element.matches("input[type=radio], input[type=checkbox]")
      ? element.closest("label")
      : element;
    const { width, height } = (target ?? element).getBoundingClientRect();
    if (width === 0 || element.closest(".skip") || (width >= 44 && height >= 43.5)) return [];
    return [`${element.tagName} ${element.textContent} ${Math.round(width)}×${Math.round(height)}`];
  });
}
