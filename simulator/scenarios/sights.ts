// The verbs of a story that look at charge points, logs and everybody else.
import * as z from "zod";
import type { LogWatch } from "./log-watch.ts";
import type { Doors } from "./public-doors.ts";
import type { Expectations } from "./scenario.ts";
import type { StoryBook } from "./story-book.ts";
import { troublesOf } from "./timeline.rules.ts";
import type { Witness } from "./witness.ts";

type Sights = Pick<Expectations, "shows" | "logs" | "othersUntouched" | "heard" | "whole">;

/** `touched`: whom the story has acted upon so far. */
export function sightsOf(
  doors: Doors,
  book: StoryBook,
  logs: LogWatch,
  witness: Witness,
  touched: ReadonlySet<string>,
): Sights {
  const pids = new Map(witness.newest().services.map(({ name, pid }) => [name, pid]));
  // Not On from the beginning (removed once, say): no matter of this story.
  const lame = new Set(
    (witness.newest().cps ?? []).filter(({ state }) => state !== "ON").map(({ cp_id }) => cp_id),
  );
  return {
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
