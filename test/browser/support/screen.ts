// A screen to take a picture of.
import { writeFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";

export interface Screen {
  /** What is to be seen, for people. */
  title: string;
}

/** `take` writes the picture to a path; it is only called when the picture is wanted. */
export type Picture = (screen: Screen, name: string, take: (path: string) => Promise<void>) => Promise<void>;

/** What the window shows, as WebP: a third of a PNG's size, and the eye finds no difference. */
export async function picture(page: Page, path: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: 92 });
  writeFileSync(path, Buffer.from(data, "base64"));
  await session.detach();
}

/** Takes the pictures of a page, one after the other. */
export type Screens = (browser: Browser, picture: Picture) => Promise<void>;
