// `npm run bench:sse`: many operators at one Central while every charge point's figures change each second. The delay is
// from the last figure's commit to the arrival, at one subscriber, of the event's last byte.
//
// Streams share their bytes, so one reader takes the events apart and says at which byte each update is whole; at the
// others bytes are counted. That all of them got the same number is checked at the end.
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, get } from "node:http";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { constants, createGunzip } from "node:zlib";
import { openTokens } from "../../central-fn/api/tokens.ts";
import { quantile } from "./bench-fleet.ts";
import type { Asked, Told } from "./sse-central-main.ts";

const { values } = parseArgs({
  options: {
    subscribers: { type: "string", default: "1000" },
    cps: { type: "string", default: "3000" },
    updates: { type: "string", default: "20" },
    plain: { type: "boolean", default: false },
  },
});
const subscribers = Number(values.subscribers);
const updates = Number(values.updates);
const cps = Number(values.cps);
const aimMs = 300;
const nowMs = () => performance.timeOrigin + performance.now();

interface Subscriber {
  bytes: number;
  /** When how many bytes were there, since the counters were set to 0. */
  marks: { bytes: number; atMs: number }[];
}

const folder = mkdtempSync(join(tmpdir(), "ev-bench-sse-"));
const central = fork(
  join(import.meta.dirname, "sse-central-main.ts"),
  [folder, values.cps, values.subscribers],
  {
    execArgv: ["--disable-warning=ExperimentalWarning"],
  },
);
const committed = new Map<number, { atMs: number; tookMs: number }>();
const until = <Is extends Told["is"]>(is: Is) =>
  new Promise<Extract<Told, { is: Is }>>((resolve, reject) => {
    central.on("message", (told: Told) => {
      if (told.is === is) resolve(told as Extract<Told, { is: Is }>);
    });
    central.once("exit", (code) => reject(new Error(`Central ended (${code})`)));
  });
central.on("message", (told: Told) => {
  if (told.is === "updated") committed.set(told.n, told);
});

const { url } = await until("ready");
const token = await openTokens(join(folder, "key")).sign({
  sub: "operator",
  role: "operator",
  expiresInS: 3_600,
});
const headers = {
  authorization: `Bearer ${token}`,
  ...(!values.plain && { "accept-encoding": "gzip" }),
};
const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });

/** Resolves when its snapshot begins to come. */
function subscribe(onData: (bytes: Buffer) => void): Promise<Subscriber> {
  const subscriber: Subscriber = { bytes: 0, marks: [] };
  return new Promise((resolve, reject) => {
    get(`${url}/events`, { agent, headers }, (answer) => {
      if (answer.statusCode !== 200) return reject(new Error(`status ${answer.statusCode}`));
      answer.on("data", (bytes: Buffer) => {
        subscriber.bytes += bytes.length;
        subscriber.marks.push({ bytes: subscriber.bytes, atMs: nowMs() });
        onData(bytes);
        resolve(subscriber);
      });
    }).on("error", reject);
  });
}

/** Where in the stream update `n` was whole, and how long its events were as text. */
const whole = new Map<number, number>();
const shown = new Map<string, number>();
let text = "";
let textBytes = 0;
let plainBytes = 0;
function takeApart(decoded: string, bytesSoFar: number): void {
  text += decoded;
  plainBytes += decoded.length;
  for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
    const block = text.slice(0, end);
    text = text.slice(end + 2);
    if (!block.startsWith("event: change")) continue;
    const data = JSON.parse(block.slice(block.indexOf("data: ") + 6)) as {
      charging_points: { cp_id: string; telemetry?: { kw: number } | null }[];
    };
    for (const { cp_id, telemetry } of data.charging_points)
      if (telemetry) shown.set(cp_id, Math.round((telemetry.kw - 10) * 1_000));
    const least = Math.min(...shown.values());
    for (let n = least; shown.size === cps && n > 0 && !whole.has(n); n--) whole.set(n, bytesSoFar);
  }
}
const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
/** Up to which byte is what the decoder is given; the first of them is at work. */
const given: number[] = [];
gunzip.setEncoding("latin1").on("data", (decoded: string) => takeApart(decoded, given[0] ?? 0));
const reference = await subscribe((bytes) => {
  textBytes += bytes.length;
  if (values.plain) return takeApart(bytes.toString("latin1"), textBytes);
  given.push(textBytes);
  gunzip.write(bytes, () => void given.shift());
});
const all = [reference];
while (all.length < subscribers) {
  const some = Math.min(50, subscribers - all.length);
  all.push(...(await Promise.all(Array.from({ length: some }, () => subscribe(() => {})))));
}
// At rest: every snapshot is there, and nothing came for a while.
for (let before = -1, sum = 0; before !== sum; ) {
  before = sum;
  await new Promise((done) => setTimeout(done, 700));
  sum = all.reduce((total, { bytes }) => total + bytes, 0);
}
for (const subscriber of all) Object.assign(subscriber, { bytes: 0, marks: [] });
textBytes = 0;
plainBytes = 0;
console.log(`${subscribers} subscribers, ${cps} charge points, ${updates} updates, one per second`);

const done = until("done");
central.send({ updates } satisfies Asked);
const { cpuShare, loopDelayP99Ms } = await done;

const delays: number[] = [];
for (const [n, atByte] of whole) {
  const from = committed.get(n);
  if (!from) continue;
  for (const { marks } of all) {
    const there = marks.find(({ bytes }) => bytes >= atByte);
    delays.push(there ? there.atMs - from.atMs : Number.POSITIVE_INFINITY);
  }
}
const uneven = new Set(all.map(({ bytes }) => bytes)).size;
const ms = (value: number) => `${value.toFixed(0)} ms`;
const kb = (bytes: number) => `${(bytes / updates / 1_024).toFixed(0)} kB`;
const p99 = quantile(delays, 0.99);
console.log(
  `delay from commit to arrival: median ${ms(quantile(delays, 0.5))}, p90 ${ms(quantile(delays, 0.9))},`,
);
console.log(
  `  p99 ${ms(p99)} (aim ${aimMs} ms: ${p99 <= aimMs ? "held" : "MISSED"}), worst ${ms(Math.max(...delays))}`,
);
console.log(
  `updates seen whole: ${whole.size} of ${updates}, at every subscriber: ${uneven === 1 ? "yes" : "NO"}`,
);
console.log(`per update and subscriber: ${kb(textBytes)} on the wire, ${kb(plainBytes)} of text`);
console.log(
  `Central: ${(cpuShare * 100).toFixed(0)} % of a core, event loop late by p99 ${ms(loopDelayP99Ms)}; commit of an update: median ${ms(
    quantile(
      [...committed.values()].map(({ tookMs }) => tookMs),
      0.5,
    ),
  )}`,
);
console.log(
  `load of the machine in the last minute: ${(loadavg()[0] ?? 0).toFixed(1)} on ${availableParallelism()} cores`,
);
central.disconnect();
agent.destroy();
rmSync(folder, { recursive: true, force: true });
process.exit(p99 <= aimMs && uneven === 1 && whole.size === updates ? 0 : 1);
