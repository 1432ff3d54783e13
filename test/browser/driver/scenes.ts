// The driver app's screens one after the other, as a day goes by: each with what has to be there before it is looked at.
import type { Page } from "playwright-core";
import { keys } from "../../../central-fn/tables/rows.ts";
import { atRest } from "../support/at-rest.ts";
import type { Stage } from "./stage.ts";
import {
  alice,
  billed,
  claimOf,
  driverRow,
  energyOf,
  figures,
  lineOf,
  pointRow,
  put,
  session,
  sidOf,
} from "./story.ts";

export interface Scene {
  name: string;
  title: string;
  /** Makes it so, and shows it. */
  show(page: Page, stage: Stage): Promise<void>;
}

const minute = 60_000;

export async function open(page: Page, hash: string): Promise<void> {
  await page.evaluate((next) => {
    location.hash = next;
  }, hash);
  await atRest(page);
}

/** The story goes on, and so does the page's clock. */
export async function later(page: Page, stage: Stage, ms: number, silent?: readonly string[]): Promise<void> {
  await stage.later(ms, silent);
  await page.clock.setFixedTime(stage.nowMs());
}

const startCommand = (cp: string, n: number, atMs: number) => ({
  cmdId: `${sidOf(cp, n)}-start`,
  op: "start-supply" as const,
  sid: sidOf(cp, n),
  driver: alice,
  message: {},
  storedAtMs: atMs,
  publishedAtMs: atMs,
  publishes: 1,
});

export const scenes: readonly Scene[] = [
  {
    name: "find",
    title: "Finding a charging point",
    async show(page) {
      await open(page, "#/");
      await page.getByText("10 charging points").waitFor();
    },
  },
  {
    name: "filters",
    title: "Filters, and from where distances are told",
    async show(page) {
      await page.getByRole("button", { name: "Filters" }).click();
      await page.getByRole("radio", { name: "A city" }).check();
      await page.getByLabel("City", { exact: true }).last().fill("Valencia");
      await atRest(page);
    },
  },
  {
    name: "nearest",
    title: "Nearest to a city first",
    async show(page) {
      await page.getByRole("button", { name: /^Show/ }).click();
      await page.getByText("nearest to Valencia first").waitFor();
      await atRest(page);
    },
  },
  { name: "point", title: "A charging point", show: (page) => open(page, "#/point/CP-001") },
  { name: "busy", title: "A busy one: wait in line", show: (page) => open(page, "#/point/CP-005") },
  {
    name: "start",
    title: "Before a start: what it will cost",
    async show(page) {
      await open(page, "#/point/CP-001/start");
      await page.getByRole("radio", { name: "Energy" }).check();
      await atRest(page);
    },
  },
  {
    name: "later",
    title: "A start at a later hour",
    async show(page) {
      await open(page, "#/point/CP-010/later");
      await page.getByRole("radio", { name: "Cost" }).check();
      await atRest(page);
    },
  },
  {
    name: "starting",
    title: "The way of a start: queued, sent, applied",
    async show(page, stage) {
      const [cp, n, nowMs] = ["CP-003", 20, stage.nowMs()];
      await stage.commit([
        ...session(cp, n, nowMs - 2_000, { rank: "ACCEPTED", command: { state: "sent", reason: null } }),
        pointRow(cp, nowMs, {
          claim: claimOf(sidOf(cp, n), alice, "claimed", nowMs),
          commands: [startCommand(cp, n, nowMs - 1_000)],
        }),
        driverRow({ activeSid: sidOf(cp, n), inboxLast: 4, inboxRead: 4 }),
      ]);
      await open(page, `#/session/${sidOf(cp, n)}`);
      await page.getByRole("heading", { name: "Starting …" }).waitFor();
    },
  },
  {
    name: "charging",
    title: "A session while it charges",
    async show(page, stage) {
      const { beganMs } = stage;
      const [cp, n] = ["CP-003", 20];
      await stage.commit([
        ...session(cp, n, beganMs - 2_000, {
          startedAtMs: beganMs,
          limit: { energyWh: 10_000 },
        }),
        pointRow(cp, beganMs, { claim: claimOf(sidOf(cp, n), alice, "charging", beganMs) }),
      ]);
      for (let i = 0; i < stage.readings; i++) {
        if (i > 0) await later(page, stage, 10_000);
        const reading = figures(cp, n, beganMs, stage.nowMs());
        await stage.commit([reading]);
        await page.locator(".live-energy", { hasText: energyOf(reading) }).waitFor();
      }
      await page.getByRole("button", { name: "Stop charging" }).waitFor();
      await atRest(page);
    },
  },
  {
    name: "bar",
    title: "The session stays in sight on every screen",
    show: (page) => open(page, "#/"),
  },
  {
    name: "stop",
    title: "A stop asks first",
    async show(page) {
      await open(page, `#/session/${sidOf("CP-003", 20)}`);
      await page.getByRole("button", { name: "Stop charging" }).click();
      await atRest(page);
    },
  },
  {
    name: "offline",
    title: "Without a connection: how old it is, and that nothing is sent later",
    async show(page, stage) {
      await page.getByRole("button", { name: "Go on charging" }).click();
      await page.context().setOffline(true);
      await page.getByText("No connection.").first().waitFor();
      await later(page, stage, 40_000);
      await page
        .getByText(/40 s old/)
        .first()
        .waitFor();
    },
  },
  {
    name: "interrupted",
    title: "A charging point that is not heard",
    async show(page, stage) {
      await page.context().setOffline(false);
      const { beganMs } = stage;
      const [cp, n, nowMs] = ["CP-003", 20, stage.nowMs()];
      await stage.commit([
        ...session(cp, n, beganMs - 2_000, {
          startedAtMs: beganMs,
          limit: { energyWh: 10_000 },
          interrupted: true,
        }),
        pointRow(cp, nowMs, {
          claim: claimOf(sidOf(cp, n), alice, "charging", beganMs),
          health: null,
          shown: { state: "DISCONNECTED", sinceMs: nowMs, cause: "last will", n: 2 },
        }),
        driverRow({ inboxLast: 4, inboxRead: 4 }),
      ]);
      await later(page, stage, 42_000, ["CP-003", "CP-007"]);
      await page.getByRole("heading", { name: "Interrupted" }).waitFor();
      // It says that it is connected again, for a while.
      await page.locator(".line-back").waitFor();
      await page.locator(".line-back").waitFor({ state: "hidden" });
    },
  },
  {
    name: "completed",
    title: "A session that is over: what it came to, and why it ended",
    async show(page, stage) {
      const nowMs = stage.nowMs();
      await stage.commit([
        ...billed("CP-003", 20, nowMs, 5_402, "Reboot", {
          limit: { energyWh: 10_000 },
          requestedAtMs: stage.beganMs - 2_000,
          startedAtMs: stage.beganMs,
        }),
        pointRow("CP-003", nowMs),
      ]);
      await later(page, stage, 2_000);
      await page.getByRole("link", { name: "Receipt" }).waitFor();
      await atRest(page);
    },
  },
  {
    name: "in-line",
    title: "In line",
    async show(page, stage) {
      const [cp, n, nowMs] = ["CP-005", 30, stage.nowMs()];
      await stage.commit([
        ...session(cp, n, nowMs - 1_000, { rank: "QUEUED", cmdId: null, tariff: null, queue: true }),
        ...session(cp, 90, nowMs - 6 * minute, { startedAtMs: nowMs - 6 * minute }, "driver-dave"),
        figures(cp, 90, nowMs - 6 * minute, nowMs),
        pointRow(cp, nowMs, {
          claim: claimOf(sidOf(cp, 90), "driver-dave", "charging", nowMs - 6 * minute),
          line: lineOf(
            cp,
            [
              ["driver-bob", 91],
              [alice, n],
            ],
            nowMs,
          ),
        }),
        driverRow({ places: [{ sid: sidOf(cp, n), cp }], inboxLast: 4, inboxRead: 4 }),
      ]);
      await open(page, `#/session/${sidOf(cp, n)}`);
      await page.getByRole("heading", { name: "In line" }).waitFor();
    },
  },
  {
    name: "offered",
    title: "At its head: the point is held for five minutes",
    async show(page, stage) {
      const [cp, n, nowMs] = ["CP-005", 30, stage.nowMs()];
      const tiding = {
        sequence: 5,
        createdAtMs: nowMs,
        type: "QUEUE",
        event: "offered",
        message: "CP-005 is free for you: confirm within 5 minutes.",
        sid: sidOf(cp, n),
        cp,
      };
      await stage.commit([
        ...session(cp, n, nowMs - 1_000, { rank: "OFFERED", cmdId: null, tariff: null, queue: true }),
        pointRow(cp, nowMs, { line: lineOf(cp, [[alice, n]], nowMs, nowMs) }),
        put(keys.inbox(alice, 5), tiding),
        driverRow({ places: [{ sid: sidOf(cp, n), cp }], inboxLast: 5, inboxRead: 4 }),
      ]);
      await page.getByRole("heading", { name: "Your turn" }).waitFor({ timeout: 30_000 });
      await later(page, stage, 18_000);
      await page.getByText("4:42").waitFor();
    },
  },
  {
    name: "scheduled",
    title: "Scheduled for an hour",
    async show(page, stage) {
      const [cp, n, nowMs] = ["CP-010", 31, stage.nowMs()];
      const startAtMs = nowMs + 6 * 60 * minute;
      await stage.commit([
        ...session(cp, n, nowMs, { rank: "SCHEDULED", cmdId: null, tariff: null, startAtMs }),
        pointRow(cp, nowMs, {
          line: { queue: [], offer: null, scheduled: [{ sid: sidOf(cp, n), driver: alice, startAtMs }] },
        }),
        driverRow({
          places: [
            { sid: sidOf("CP-005", 30), cp: "CP-005" },
            { sid: sidOf(cp, n), cp },
          ],
          inboxLast: 5,
          inboxRead: 4,
        }),
      ]);
      await open(page, `#/session/${sidOf(cp, n)}`);
      await page.getByRole("heading", { name: "Scheduled" }).waitFor();
    },
  },
  {
    name: "refused",
    title: "A refusal, with its reason",
    async show(page, stage) {
      await stage.commit(
        session("CP-008", 32, stage.nowMs() - 1_000, {
          rank: "REJECTED",
          reason: "the last car is still plugged in",
          cmdId: null,
          tariff: null,
        }),
      );
      await open(page, `#/session/${sidOf("CP-008", 32)}`);
      await page.getByRole("heading", { name: "Refused" }).waitFor();
    },
  },
  { name: "sessions", title: "Sessions: now and past", show: (page) => open(page, "#/sessions") },
  { name: "messages", title: "Messages and announcements", show: (page) => open(page, "#/messages") },
  {
    name: "you",
    title: "You: the phone’s automatic requests, vehicles",
    show: (page) => open(page, "#/you"),
  },
];
