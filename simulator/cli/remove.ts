// `ev remove NAME…` and `ev clean`: takes charge points and drivers out of the fleet while it runs. A session under
// way ends at the charger's own meter first; the data of who goes stays, unless it is to be forgotten.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Complaint } from "../fleet/complaint.ts";
import { editFleet, forgetMember, removedPath, removeMembers } from "../fleet/edit.ts";
import type { Fleet } from "../fleet/fleet-schemas.ts";
import { forgetClients } from "../fleet/mqtt-admission.ts";
import { serviceNames } from "../fleet/names.ts";
import { type Places, placesOf } from "../fleet/places.ts";
import { dynamicMembers, membersMeant } from "../fleet/removal.ts";
import { untoldIn, whyKept } from "../fleet/untold-events.ts";
import type { Arguments } from "./arguments.ts";
import { readPoint } from "./central-reading.ts";
import { readLines } from "./log-reader.ts";
import type { Output } from "./output.ts";
import { applyNow, nextStartText } from "./running.ts";
import { durationText, listText } from "./text.ts";

const disconnectedWithinMs = 15_000;

export async function remove(args: Arguments, output: Output): Promise<number> {
  if (args.words.length === 0)
    throw new Complaint(
      "remove what? For instance `ev remove 11`, `ev remove 11..15 frank`; `ev ps` lists what there is",
    );
  return removeFrom(args, output, "remove", (fleet) => membersMeant(args.words, fleet));
}

/** Everything that is not of the base fleet. */
export function cleanDynamic(args: Arguments, output: Output): Promise<number> {
  return removeFrom(args, output, "clean", dynamicMembers);
}

interface Gone {
  id: string;
  services: string[];
  /** What the engine said of a session that its end closed. */
  session: string | null;
  /** When Central showed it Disconnected; null: it did not, or it is a driver. */
  disconnectedMs: number | null;
  /** Where its data still is; null: forgotten, or there was none. */
  data: string | null;
  /** Why its data was not forgotten. */
  kept: string | null;
}

async function removeFrom(
  args: Arguments,
  output: Output,
  verb: string,
  choose: (fleet: Fleet) => string[],
): Promise<number> {
  const startedMs = performance.now();
  const startedAt = new Date().toISOString();
  const places = placesOf(args.stateDir);
  const forget = args.flags.has("--forget");
  const ids = await editFleet(places, (fleet) => {
    const chosen = choose(fleet);
    removeMembers(places, chosen);
    return chosen;
  });
  const applied = ids.length > 0 ? await applyNow(args, places) : undefined;
  const cps = ids.filter((id) => !id.startsWith("driver-"));
  // Only after its last words: the end of a session still needs its password.
  await forgetClients(
    places,
    cps.flatMap((cp) => [`${cp}-engine`, `${cp}-monitor`]),
    cps.flatMap((cp) => [serviceNames.engine(cp), serviceNames.monitor(cp)]),
  );
  const gone = await Promise.all(
    ids.map(async (id): Promise<Gone> => {
      const isDriver = id.startsWith("driver-");
      const central = isDriver ? undefined : applied?.addresses.centralUrl;
      const disconnected = central !== undefined && (await isDisconnected(central, id));
      const disconnectedMs = disconnected ? performance.now() - startedMs : null;
      const session = isDriver ? null : sessionEnd(places, id, startedAt);
      const kept = forget ? forgetOrKeep(places, id) : null;
      const data = join(places.data, id);
      return {
        id,
        services: servicesOf(id, isDriver),
        session,
        disconnectedMs,
        data: existsSync(data) ? data : null,
        kept,
      };
    }),
  );
  const tookMs = Math.round(performance.now() - startedMs);
  if (args.flags.has("--json")) {
    output.line(
      JSON.stringify({ verb, took_ms: tookMs, removed: gone.map((one) => asJson(one, places)) }, null, 2),
    );
    return 0;
  }
  for (const one of gone)
    for (const line of linesOf(one, places, applied !== undefined, forget)) output.line(line);
  if (ids.length === 0) output.line("nothing to remove: the fleet has only what the base fleet has");
  else
    output.line(
      `removed ${ids.length > 6 ? `${ids.length} members` : listText(ids)} in ${durationText(tookMs)}${forget ? "" : `; a file moved back to ${places.fleet} undoes it`}`,
    );
  if (!applied && ids.length > 0) output.line(nextStartText);
  return 0;
}

function servicesOf(id: string, isDriver: boolean): string[] {
  if (isDriver) return [serviceNames.driver(id)];
  return [serviceNames.engine(id), serviceNames.monitor(id), serviceNames.charger(id)];
}

/** False when Central does not say so in time, or does not know it. */
async function isDisconnected(centralUrl: string, cp: string): Promise<boolean> {
  const until = performance.now() + disconnectedWithinMs;
  for (;;) {
    const answer = await readPoint(centralUrl, cp);
    if (answer.is === "unknown") return false;
    if (answer.is === "point" && answer.point.state === "DISCONNECTED") return true;
    if (performance.now() > until) return false;
    await delay(100);
  }
}

/** The engine's last word on a session that ended since then. */
function sessionEnd(places: Places, cp: string, since: string): string | null {
  const lines = readLines(join(places.logs, `${serviceNames.engine(cp)}.log`), 40);
  const line = lines.findLast(
    (one) => /\bSession \S+ .*completed/.test(one) && one.slice(0, since.length) >= since,
  );
  return line?.slice(line.indexOf("Session ")) ?? null;
}

/** Null when it was forgotten, else why its data stays. */
function forgetOrKeep(places: Places, id: string): string | null {
  const why = whyKept(untoldIn(join(places.data, id, "journal.db"), id));
  if (why !== null) return why;
  forgetMember(places, id);
  return null;
}

function asJson({ id, services, session, disconnectedMs, data, kept }: Gone, places: Places) {
  const file = removedPath(places, id);
  return {
    id,
    services,
    session,
    disconnected_ms: disconnectedMs === null ? null : Math.round(disconnectedMs),
    file: existsSync(file) ? file : null,
    data,
    kept_because: kept,
  };
}

function linesOf(gone: Gone, places: Places, ran: boolean, forget: boolean): string[] {
  const { id, services, session, disconnectedMs, data, kept } = gone;
  const file = removedPath(places, id);
  const happened = [
    ...(ran ? [`${listText(services)} stopped`] : []),
    ...(session ? [session] : []),
    ...(disconnectedMs === null ? [] : [`Disconnected at Central ${durationText(disconnectedMs)}`]),
    ...(forget && !kept ? ["file and data forgotten"] : []),
    ...(kept ? [kept] : []),
  ];
  const stays = [
    ...(existsSync(file) ? [`file now ${file}`] : []),
    ...(data ? [`data stays in ${data}`] : []),
  ];
  const lines = [happened, stays].filter((parts) => parts.length > 0).map((parts) => parts.join(" · "));
  return lines.map((line, i) => `${i === 0 ? `${id}  ` : "        "}${line}`);
}
