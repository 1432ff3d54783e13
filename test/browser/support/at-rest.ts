// Waits until a page has come to rest: nothing in it has changed for a while. What it asks for comes from this machine.
import type { Page } from "playwright-core";

const restMs = 250;
const longestMs = 5_000;

export async function atRest(page: Page): Promise<void> {
  await page.evaluate(
    ([rest, longest]) =>
      new Promise<void>((resolve) => {
        const end = () => {
          observer.disconnect();
          resolve();
        };
        let timer = setTimeout(end, rest);
        const observer = new MutationObserver(() => {
          clearTimeout(timer);
          timer = setTimeout(end, rest);
        });
        observer.observe(document, {
          subtree: true,
          childList: true,
          attributes: true,
          characterData: true,
        });
        setTimeout(end, longest);
      }),
    [restMs, longestMs] as const,
  );
}
