// The verbs of a story that concern its sessions: charging, flowing, refusing, leaving, billing.
import { randomBytes } from "node:crypto";
import { billFaults, billText, inboxOf, readBill, timesBilled } from "./bill.ts";
import { ask, beginCharging, giveBack, leave, meteredWh, type OpenCharging } from "./cars.ts";
import type { Doors } from "./public-doors.ts";
import type { SessionRecord } from "./record.ts";
import type { Acts, Charging, Expectations, Within } from "./scenario.ts";
import { moment, type StoryBook } from "./story-book.ts";

type Verbs = Pick<Acts, "charge" | "chargeBoth" | "unplug"> &
  Pick<Expectations, "flows" | "refuses" | "told" | "billed">;

export interface ChargingVerbs {
  verbs: Verbs;
  sessions: SessionRecord[];
  /** Cars that are left go, and what is not billed yet is expected to be. */
  curtain(): Promise<void>;
  /** Cars come and go as before, whatever happened. */
  tidy(): Promise<void>;
}

const energyFlowsWithin: Within = { withinS: 15 };
/** As long as two of the charger's steps of metering. */
const flowWatchedMs = 1_000;

export function chargingVerbs(doors: Doors, book: StoryBook): ChargingVerbs {
  const all = new Map<string, OpenCharging>();
  const unbilled = new Map<string, OpenCharging>();
  const plugged = new Map<string, OpenCharging>();
  /** Those on their way to their charger: a story may end beside them. */
  const beginning = new Set<Promise<OpenCharging>>();
  const sessions: SessionRecord[] = [];
  const story = randomBytes(2).toString("hex");
  let guests = 0;
  const known = (session: Charging): OpenCharging => {
    const found = all.get(session.sid);
    if (!found) throw new Error(`${session.sid} is no session of this story`);
    return found;
  };
  const verbs: Verbs = {
    chargeBoth: (one, other) => Promise.all([verbs.charge(one), verbs.charge(other)]),
    async charge(cp, wish = {}) {
      const driver = wish.driver ?? `guest-${story}-${++guests}`;
      const begun = beginCharging(doors, cp, driver, wish, book);
      beginning.add(begun);
      const session = await begun;
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
  };
  return {
    verbs,
    sessions,
    async curtain() {
      for (const session of [...plugged.values()]) await verbs.unplug(session);
      for (const session of [...unbilled.values()]) await verbs.billed(session, { withinS: 30 });
    },
    async tidy() {
      await Promise.allSettled(beginning);
      for (const session of plugged.values()) await leave(doors, session);
      for (const session of unbilled.values()) await giveBack(doors, session);
    },
  };
}
