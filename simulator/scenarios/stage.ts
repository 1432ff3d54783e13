// The stage on which a scenario is played: its verbs, over the doors of a running fleet.
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import type { ServiceReport } from "../fleet/control-messages.ts";
import { cpIdOf, cpNumberIn } from "../fleet/typed-names.ts";
import { billFaults, billText, inboxOf, readBill, timesBilled } from "./bill.ts";
import { ask, beginCharging, giveBack, leave, meteredWh, type OpenCharging } from "./cars.ts";
import type { LogWatch } from "./log-watch.ts";
import type { Doors } from "./public-doors.ts";
import type { SessionRecord } from "./record.ts";
import type { Charging, Stage, Within } from "./scenario.ts";
import { serviceActs } from "./service-acts.ts";
import { moment, type StoryBook } from "./story-book.ts";
import { troublesOf } from "./timeline.rules.ts";
import type { Witness } from "./witness.ts";

export interface StageParts {
  doors: Doors;
  book: StoryBook;
  logs: LogWatch;
  witness: Witness;
  forMs: number;
  rounds: number;
}

export interface OpenStage {
  stage: Stage;
  sessions: SessionRecord[];
  /** Cars that are left go, and what is not billed yet is expected to be. */
  curtain(): Promise<void>;
  /** Cars come and go as before, whatever happened. */
  tidy(): Promise<void>;
  /** What was added goes, lines are mended. */
  undo(): Promise<void>;
}

const energyFlowsWithin: Within = { withinS: 15 };
/** As long as two of the charger's steps of metering. */
const flowWatchedMs = 1_000;

export function openStage(parts: StageParts): OpenStage {
  const { doors, book, logs, witness } = parts;
  const touched = new Set<string>();
  const all = new Map<string, OpenCharging>();
  const unbilled = new Map<string, OpenCharging>();
  const plugged = new Map<string, OpenCharging>();
  const sessions: SessionRecord[] = [];
  const pids = new Map(witness.newest().services.map(({ name, pid }) => [name, pid]));
  // Not On from the beginning (removed once, say): no matter of this story.
  const lame = new Set(
    (witness.newest().cps ?? []).filter(({ state }) => state !== "ON").map(({ cp_id }) => cp_id),
  );
  const story = randomBytes(2).toString("hex");
  let guests = 0;

  const { acts, undo } = serviceActs(doors, book, touched);
  const known = (session: Charging): OpenCharging => {
    const found = all.get(session.sid);
    if (!found) throw new Error(`${session.sid} is no session of this story`);
    return found;
  };

  const stage: Stage = {
    doors,
    forMs: parts.forMs,
    rounds: parts.rounds,
    say: (text) => book.say(text),
    expect: (what, within, look, note) =>
      book.expect(what, within, look, (seen) => ({ note: note?.(seen) ?? "" })),
    check: (what, ok, note) => book.check(what, ok, note),
    now: moment,
    anyMoment: () => delay(Math.random() * 1_000),
    chargeBoth: (one, other) => Promise.all([stage.charge(one), stage.charge(other)]),
    cps: () => witness.newest().cps ?? [],
    services: () => witness.newest().services,
    free: (...wanted) => freeNames(wanted, witness.newest().services),

    ...acts,
    async charge(cp, wish = {}) {
      const driver = wish.driver ?? `guest-${story}-${++guests}`;
      const session = await beginCharging(doors, cp, driver, wish, (text) => book.say(text));
      all.set(session.sid, session);
      unbilled.set(session.sid, session);
      plugged.set(session.sid, session);
      sessions.push({ sid: session.sid, cp, driver, bill: null });
      book.act(`${driver} is granted ${cp} and plugs in`, [cp]);
      await book.expect(`energy flows for ${driver} at ${cp}`, energyFlowsWithin, async () => {
        const shown = (await doors.cps())?.find((one) => one.cp_id === cp);
        return shown?.telemetry?.session_id === session.sid && shown.telemetry.kwh > 0;
      });
      return { sid: session.sid, cp, driver };
    },
    async unplug(session) {
      plugged.delete(session.sid);
      book.act(`${session.driver}'s car leaves ${session.cp}`, [session.cp]);
      await leave(doors, known(session));
    },

    shows: async (cp, state, within) => {
      await book.expect(`Central shows ${cp} ${state}`, within, async () =>
        (await doors.cps())?.some((one) => one.cp_id === cp && one.state === state),
      );
    },
    async logs(service, line, within) {
      const since = within.since ?? book.lastAct;
      const fits = (text: string) => (typeof line === "string" ? text.endsWith(` ${line}`) : line.test(text));
      await book.expect(
        `${service} logs "${typeof line === "string" ? line : line.source}"`,
        { ...within, since },
        () => logs.since(service, since.wallMs).find(({ text }) => fits(text)),
        ({ atMs }) => ({ wallMs: atMs }),
      );
    },
    async flows(session, within) {
      const own = known(session);
      let from = { atMs: performance.now(), wh: await meteredWh(doors, own) };
      await book.expect(
        `${session.driver} goes on charging at ${session.cp}`,
        within ?? { withinS: 5, since: moment() },
        async () => {
          const wh = await meteredWh(doors, own);
          const now = { atMs: performance.now(), wh };
          if (wh === from.wh) from = now;
          const tookMs = now.atMs - from.atMs;
          return tookMs >= flowWatchedMs && { kw: ((wh - from.wh) * 3_600) / tookMs, wh };
        },
        ({ kw, wh }) => ({ note: `${kw.toFixed(1)} kW, ${wh.toFixed(0)} Wh by now` }),
      );
    },
    async refuses(cp) {
      const driver = `guest-${story}-${++guests}`;
      const asked = await ask(doors, cp, driver, false);
      const refused = asked?.status === "DENIED";
      book.check(
        `${cp} takes no new session`,
        refused,
        refused ? (asked.reason ?? "") : `the request is ${asked?.status ?? "not answered"}`,
      );
    },
    async told(driver, text, within) {
      await book.expect(`${driver} is told "${text}"`, within, async () =>
        (await inboxOf(doors, driver))?.some(({ message }) => message.includes(text)),
      );
    },
    async billed(session, { unreadS = 0, ...within }) {
      const own = known(session);
      const seen = await book.expect(
        `${session.driver}'s session at ${session.cp} is billed exactly once`,
        within,
        async () => {
          const bill = await readBill(doors, session.driver, session.sid);
          if (!bill) return undefined;
          const wh = await meteredWh(doors, own);
          const messages = (await inboxOf(doors, session.driver)) ?? [];
          const completed = messages.filter(({ message }) =>
            message.startsWith(`Charging at ${session.cp} is completed`),
          );
          return { bill, wh, times: await timesBilled(doors, session.sid), told: completed.length };
        },
        ({ bill, wh, times, told }) => {
          const others = sessions.filter(({ driver, cp }) => driver === session.driver && cp === session.cp);
          const wrong = billFaults(bill, wh, times, (own.pointW * unreadS) / 3_600);
          if (told === 0) wrong.push("the driver was not told");
          if (others.length === 1 && told > 1 && session.driver.startsWith("guest-"))
            wrong.push(`the driver was told ${told} times`);
          const record = sessions.find(({ sid }) => sid === session.sid);
          if (record) record.bill = { ...bill, meteredWh: wh };
          const note = billText(bill, wh);
          return wrong.length > 0 ? { wrong: `${wrong.join("; ")} (${note})` } : { note };
        },
      );
      unbilled.delete(session.sid);
      await giveBack(doors, own);
      return seen.bill;
    },
    othersUntouched(...names) {
      const except = new Set([...names, ...touched, ...lame]);
      const off = [...witness.rows]
        .filter(([name, spans]) => /^CP-/.test(name) && !except.has(name) && troublesOf(spans).length > 0)
        .map(([name, spans]) => `${name} was ${troublesOf(spans).join(", ")}`);
      const moved = witness
        .newest()
        .services.filter(({ name, pid }) => !except.has(name) && pids.has(name) && pids.get(name) !== pid)
        .map(({ name }) => `${name} ended or began`);
      const wrong = [...off, ...moved];
      book.check("nobody else was touched", wrong.length === 0, wrong.join("; "));
    },
    async heard(cp, laterS, within) {
      const since = within.since ?? book.lastAct;
      await book.expect(`${cp} is On, and heard ${laterS} s later`, { ...within, since }, () =>
        isFresh(doors, since.wallMs + laterS * 1_000, (id) => id === cp),
      );
    },
    async whole(within) {
      const since = within.since ?? book.lastAct;
      await book.expect("every charge point is On, by fresh news", { ...within, since }, () =>
        isFresh(doors, since.wallMs, (id) => touched.has(id) || !lame.has(id)),
      );
    },
  };

  return {
    stage,
    sessions,
    undo,
    async curtain() {
      for (const session of [...plugged.values()]) await stage.unplug(session);
      for (const session of [...unbilled.values()]) await stage.billed(session, { withinS: 30 });
    },
    async tidy() {
      for (const session of plugged.values()) await leave(doors, session);
      for (const session of unbilled.values()) await giveBack(doors, session);
    },
  };
}

function freeNames(wanted: readonly string[], services: readonly ServiceReport[]): string[] {
  const taken = new Set(services.map(({ subject }) => subject));
  return wanted.map((name) => {
    const number = cpNumberIn(name);
    let free = name;
    for (let n = 1; taken.has(free); n++)
      free = number === undefined ? `${name}-${n + 1}` : cpIdOf(number + n);
    taken.add(free);
    return free;
  });
}

const Shown = z.object({
  charging_points: z.array(
    z.object({ cp_id: z.string(), state: z.string(), monitor_last_seen: z.string().nullable() }),
  ),
  feed: z.object({ stale_since: z.string().nullable() }),
});

/** Those that are meant are On and were heard after an instant on the wall; the feed brings news. */
async function isFresh(doors: Doors, sinceMs: number, isMeant: (cp: string) => boolean): Promise<boolean> {
  const answer = await doors.central("/cp");
  if (answer?.status !== 200) return false;
  const { charging_points, feed } = Shown.parse(answer.value);
  const meant = charging_points.filter(({ cp_id }) => isMeant(cp_id));
  return (
    feed.stale_since === null &&
    meant.length > 0 &&
    meant.every(
      ({ state, monitor_last_seen: seen }) => state === "ON" && seen !== null && Date.parse(seen) > sinceMs,
    )
  );
}
