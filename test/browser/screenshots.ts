// `npm run docs:screenshots [name …]`: a picture of every screen in docs/pictures/, by day on a desk and on a phone. The
// time, the figures and the font are always the same, so that a picture changes only when its screen does.
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { driverScreens } from "./driver/screens.ts";
import { operatorScreens } from "./operator/screens.ts";
import { openChromium } from "./support/chromium.ts";
import type { Screen } from "./support/screen.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "docs/pictures");
const wanted = process.argv.slice(2);
const longestKB = 150;

mkdirSync(folder, { recursive: true });
const browser = await openChromium("--font-render-hinting=none");
const shoot = async (name: string, screen: Screen, take: (path: string) => Promise<void>) => {
  const path = join(folder, `${name}.webp`);
  await take(path);
  const kB = statSync(path).size / 1_000;
  console.log(
    `${name}.webp ${kB.toFixed(0)} kB${kB > longestKB ? `: more than ${longestKB} kB` : ""}  ${screen.title}`,
  );
  if (kB > longestKB) process.exitCode = 1;
};
try {
  for (const screens of [operatorScreens, driverScreens])
    await screens(browser, async (screen, name, take) => {
      if (wanted.length === 0 || wanted.some((part) => name.includes(part))) await shoot(name, screen, take);
    });
} finally {
  await browser.close();
}
