// Chromium, as the distribution brings it, driven over its own protocol; nothing is downloaded.
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** CHROMIUM_PATH names another. Throws one line that says what to install when there is none. */
export async function openChromium(...more: string[]): Promise<Browser> {
  const found = process.env.CHROMIUM_PATH ?? places.find((path) => existsSync(path));
  if (!found) throw new Error("no Chromium: apt-get install chromium, or set CHROMIUM_PATH");
  // The sandbox needs rights that a container has not; every page here is our own.
  return chromium.launch({ executablePath: found, args: ["--no-sandbox", "--disable-gpu", ...more] });
}
