// The driver app's screens, as pictures: on a small phone, some by night, one on a desk.
import type { Browser, BrowserContextOptions } from "playwright-core";
import { type Picture, picture as photograph } from "../support/screen.ts";
import { open, scenes } from "./scenes.ts";
import { openStage } from "./stage.ts";

const storyMs = Date.UTC(2026, 4, 3, 9, 30);

export const phone: BrowserContextOptions = {
  viewport: { width: 360, height: 780 },
  hasTouch: true,
  isMobile: true,
  timezoneId: "Europe/Madrid",
  locale: "en-GB",
  reducedMotion: "reduce",
  serviceWorkers: "block",
};
const byNight = ["find", "charging", "offered"];

export async function driverScreens(browser: Browser, picture: Picture): Promise<void> {
  const stage = await openStage(storyMs, 110);
  try {
    const context = await browser.newContext({ ...phone, deviceScaleFactor: 1.5 });
    const page = await context.newPage();
    await page.clock.setFixedTime(stage.nowMs());
    await page.goto(stage.url);
    for (const { name, title, show } of scenes) {
      await show(page, stage);
      await picture({ title }, `driver-${name}-phone`, async (path) => {
        await photograph(page, path);
      });
      if (byNight.includes(name)) {
        await page.emulateMedia({ colorScheme: "dark" });
        await picture({ title: `${title}, by night` }, `driver-${name}-dark-phone`, async (path) => {
          await photograph(page, path);
        });
        await page.emulateMedia({ colorScheme: "light" });
      }
    }
    await picture({ title: "On a desk" }, "driver-find-desk", async (path) => {
      await page.setViewportSize({ width: 1200, height: 780 });
      await open(page, "#/");
      await photograph(page, path);
    });
    await context.close();
  } finally {
    await stage.close();
  }
}
