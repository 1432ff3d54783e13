import { mkdirSync, statSync } from "node:fs";
import { openChromium } from "../support/chromium.ts";
import { driverScreens } from "./screens.ts";

const folder = "/tmp/hI5-shots/docs";
mkdirSync(folder, { recursive: true });
const browser = await openChromium("--font-render-hinting=none");
try {
  await driverScreens(browser, async (screen, name, take) => {
    const p = `${folder}/${name}.png`;
    await take(p);
    console.log(name, Math.round(statSync(p).size / 1000), screen.title);
  });
} finally {
  await browser.close();
}
