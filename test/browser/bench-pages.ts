// `npm run bench:pages`: the operator's page with 3,000 charge points whose figures all change every second. Counts what
// the browser draws: frames per second, how long one frame kept the next one waiting, and how busy the page's own thread
// is. There is no graphics card: scrolling is drawn by the processor too, and told without being judged.
// `--cps N --seconds N`.
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import type { Page } from "playwright-core";
import { openChromium } from "./support/chromium.ts";
import { openShowcase } from "./support/showcase.ts";

const { values } = parseArgs({
  options: { cps: { type: "string", default: "3000" }, seconds: { type: "string", default: "15" } },
});
const cps = Number(values.cps);
const seconds = Number(values.seconds);
const leastFps = 50;

interface Frames {
  fps: number;
  /** Between two frames, in ms. */
  median: number;
  p99: number;
  longest: number;
  /** Share of the time in which the page's thread worked. */
  busy: number;
}

/** What the browser itself counts, in seconds. */
async function busySeconds(): Promise<number> {
  const { metrics } = await meter.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0;
}

/** Frames that the page gets for `ms`, while something happens to it each second. */
async function frames(page: Page, ms: number): Promise<Frames> {
  const before = await busySeconds();
  const counted = await page.evaluate(
    (during) =>
      new Promise<Omit<Frames, "busy">>((resolve) => {
        const gaps: number[] = [];
        const fromMs = performance.now();
        let lastMs = fromMs;
        const frame = (atMs: number) => {
          gaps.push(atMs - lastMs);
          lastMs = atMs;
          if (atMs - fromMs < during) return requestAnimationFrame(frame);
          gaps.sort((a, b) => a - b);
          const at = (share: number) => gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * share))] ?? 0;
          return resolve({
            fps: (gaps.length - 1) / ((lastMs - fromMs) / 1_000),
            median: at(0.5),
            p99: at(0.99),
            longest: gaps.at(-1) ?? 0,
          });
        };
        requestAnimationFrame(frame);
      }),
    ms,
  );
  return { ...counted, busy: ((await busySeconds()) - before) / (ms / 1_000) };
}

const text = ({ fps, median, p99, longest, busy }: Frames) =>
  `${fps.toFixed(1).padStart(5)} frames/s   between frames: median ${median.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, longest ${longest.toFixed(0)} ms   thread busy ${(busy * 100).toFixed(0)} %`;

const showcase = await openShowcase({ count: cps });
const browser = await openChromium();
const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
const meter = await page.context().newCDPSession(page);
await meter.send("Performance.enable");
let wrong = "";
page.on("pageerror", (error) => {
  wrong = error.message;
});
const loadMs = performance.now();
await page.goto(showcase.link);
await page.getByText(`${cps} shown`).waitFor();
const readyMs = performance.now() - loadMs;
const idle = await frames(page, 3_000);

let updates = 0;
let tookMs = 0;
let isOver = false;
const writing = (async () => {
  while (!isOver) {
    const fromMs = performance.now();
    await showcase.later(1_000);
    updates += 1;
    tookMs += performance.now() - fromMs;
    await new Promise((done) => setTimeout(done, Math.max(0, 1_000 - (performance.now() - fromMs))));
  }
})();
await page.waitForTimeout(2_000);
const first = page.locator(".cp-card.cp-charging b").first();
const before = await first.textContent();
const updating = await frames(page, seconds * 1_000);
if ((await first.textContent()) === before) wrong ||= "the figures did not change";

await page.evaluate(() => {
  let y = 0;
  const step = () => {
    y = (y + 24) % 60_000;
    window.scrollTo(0, y);
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
});
const scrolling = await frames(page, seconds * 500);
const typedMs = performance.now();
await page.getByRole("searchbox").fill("malaga plaza");
await page.getByText(/^[\d]+ of \d+ shown$/).waitFor();
const foundMs = performance.now() - typedMs;
isOver = true;
await writing;
const nodes = await page.evaluate(() => document.querySelectorAll("*").length);
await browser.close();
await showcase.close();

const charging = showcase.stations.filter(({ is }) => is === "charging").length;
console.log(
  `${cps} charge points, ${charging} of them charge; ${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}`,
);
console.log(`first picture                ${readyMs.toFixed(0)} ms after the address was opened`);
console.log(`nothing changes              ${text(idle)}`);
console.log(
  `all figures change each s    ${text(updating)}   (${updates} updates, ${(tookMs / updates).toFixed(0)} ms each to write)`,
);
console.log(`the same while it scrolls    ${text(scrolling)}`);
console.log(
  `a search shows its finds     ${foundMs.toFixed(0)} ms after it was typed; ${nodes} elements in the page`,
);
const verdict = wrong !== "" ? wrong : updating.fps >= leastFps ? "held" : "missed";
console.log(`at least ${leastFps} frames/s: ${verdict}`);
process.exit(verdict === "held" ? 0 : 1);
