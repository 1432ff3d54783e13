// The operator's screens, as pictures.
import type { Browser, Page } from "playwright-core";
import { atRest } from "../support/at-rest.ts";
import { type Picture, picture as shoot } from "../support/screen.ts";
import { openShowcase, type Showcase } from "../support/showcase.ts";
import { sidOf } from "../support/story.ts";

const storyMs = Date.UTC(2026, 4, 3, 9, 30);
const desk = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

/** Address, name and title of each view. */
export const views = (showcase: Showcase) => {
  const charging = showcase.stations.find(({ is }) => is === "charging")?.cp ?? "";
  const first = showcase.stations[0]?.cp ?? "";
  const letter = Buffer.from("cp.events/0/100").toString("base64url");
  return [
    { name: "fleet", hash: "#/", title: "The fleet at a glance" },
    { name: "fleet-by-status", hash: "#/?by=status", title: "The fleet by status" },
    { name: "charge-point", hash: `#/cp/${charging}`, title: "A charge point while it charges" },
    { name: "faults", hash: `#/cp/${first}?tab=faults`, title: "When a charge point was not On, and why" },
    { name: "prices", hash: `#/cp/${first}?tab=prices`, title: "Prices by version" },
    { name: "event-log", hash: `#/cp/${first}?tab=events`, title: "What happened at a charge point" },
    { name: "sessions", hash: "#/sessions", title: "Sessions" },
    { name: "session", hash: `#/sessions/${sidOf(first, 4)}`, title: "A session's time line" },
    { name: "bills", hash: "#/bills", title: "Bills" },
    { name: "bill", hash: `#/bills/CDR-${sidOf(first, 3).slice(2)}`, title: "A bill, explained" },
    { name: "reviews", hash: "#/reviews", title: "Reviews" },
    { name: "review", hash: `#/reviews/${sidOf(showcase.stations[3]?.cp ?? "", 77)}`, title: "A review" },
    { name: "announcements", hash: "#/announcements", title: "Announcements" },
    { name: "dead-letters", hash: "#/dead-letters", title: "Dead letters" },
    { name: "dead-letter", hash: `#/dead-letters/${letter}`, title: "A dead letter" },
    { name: "audit", hash: "#/audit", title: "What operators did" },
  ];
};

export async function operatorScreens(browser: Browser, picture: Picture): Promise<void> {
  const showcase = await openShowcase({ fixedMs: storyMs });
  try {
    for (const [form, viewport] of [
      ["desk", desk],
      ["phone", phone],
    ] as const) {
      const context = await browser.newContext({
        viewport,
        colorScheme: "light",
        timezoneId: "Europe/Madrid",
        locale: "en-GB",
        reducedMotion: "reduce",
      });
      const page = await context.newPage();
      await page.clock.setFixedTime(showcase.nowMs());
      await page.goto(showcase.link);
      await page.getByText("60 shown").waitFor();
      await run(page, showcase, 90);
      for (const { name, hash, title } of views(showcase))
        await picture({ title }, `operator-${name}-${form}`, async (path) => {
          await show(page, hash);
          await shoot(page, path);
        });
      if (form === "desk") await extras(page, picture);
      await context.close();
    }
  } finally {
    await showcase.close();
  }
}

/** So many readings, five seconds apart: the charts get their lines. */
async function run(page: Page, showcase: Showcase, readings: number): Promise<void> {
  for (let n = 0; n < readings; n++) {
    await showcase.later(5_000);
    await page.clock.setFixedTime(showcase.nowMs());
    await page.waitForTimeout(120);
  }
}

export async function show(page: Page, hash: string): Promise<void> {
  await page.evaluate((next) => {
    location.hash = next;
  }, hash);
  await page.getByText("Loading…").first().waitFor({ state: "hidden" });
  await atRest(page);
}

/** By night, and a question. */
async function extras(page: Page, picture: Picture): Promise<void> {
  await picture({ title: "A command asks first" }, "operator-confirm-desk", async (path) => {
    await show(page, "#/cp/CP-001");
    await page.getByRole("button", { name: "Stop charge point…" }).click();
    await page.getByLabel("Reason").fill("cable damaged");
    await shoot(page, path);
    await page.keyboard.press("Escape");
  });
  await picture({ title: "The fleet by night" }, "operator-fleet-dark-desk", async (path) => {
    await page.emulateMedia({ colorScheme: "dark" });
    await show(page, "#/");
    await shoot(page, path);
    await page.emulateMedia({ colorScheme: "light" });
  });
}
