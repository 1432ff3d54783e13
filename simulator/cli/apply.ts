// `ev apply`: makes the running fleet what its files say, and says what that changed and what Central shows now.
import type { AppliedAction } from "../fleet/apply.ts";
import { readFleetAsItIs } from "../fleet/fleet-files.ts";
import { type Places, placesOf } from "../fleet/places.ts";
import type { Arguments } from "./arguments.ts";
import { followPoints } from "./central-reading.ts";
import type { Output } from "./output.ts";
import { type AppliedNow, applyNow, fleetIn, nextStartText } from "./running.ts";
import { durationText } from "./text.ts";

const withinMs = 30_000;

export async function apply(args: Arguments, output: Output): Promise<number> {
  const startedMs = performance.now();
  const places = placesOf(args.stateDir);
  fleetIn(places); // a wrong file is told even when no fleet runs
  const applied = await applyNow(args, places);
  if (!applied) {
    if (args.flags.has("--json"))
      output.line(JSON.stringify({ verb: "apply", running: false, actions: [] }, null, 2));
    else output.line(`the files are valid; ${nextStartText}`);
    return 0;
  }
  const outcome = await outcomeOf(applied, places, startedMs);
  const tookMs = Math.round(performance.now() - startedMs);
  if (args.flags.has("--json")) {
    const { actions, points, troubles } = outcome;
    output.line(
      JSON.stringify({ verb: "apply", running: true, took_ms: tookMs, actions, points, troubles }, null, 2),
    );
  } else {
    for (const line of outcomeLines(outcome)) output.line(line);
    output.line(
      outcome.actions.length > 0
        ? `applied in ${durationText(tookMs)}; every other service went on`
        : `nothing differs from what runs (compared in ${durationText(tookMs)})`,
    );
  }
  return outcome.troubles.length > 0 ? 1 : 0;
}

export interface Outcome {
  actions: AppliedAction[];
  /** What Central shows of the charge points concerned; milliseconds since the command began. */
  points: { cp_id: string; registered_ms: number | null; on_ms: number | null }[];
  /** One line for each service that does not run as it should, and each point that Central does not show so. */
  troubles: string[];
}

/** Waits until Central shows the points that an apply concerned as their files say. */
export async function outcomeOf(
  { done, addresses }: AppliedNow,
  places: Places,
  startedMs: number,
): Promise<Outcome> {
  const actions = done.actions ?? [];
  const concerned = new Set(done.services.flatMap(({ subject }) => subject ?? []));
  const cps = readFleetAsItIs(places.fleet).cps.filter(({ cp_id }) => concerned.has(cp_id));
  const steps = await followPoints(addresses.centralUrl, cps, { goal: "on", startedMs, withinMs });
  const round = (ms: number | null | undefined) => (typeof ms === "number" ? Math.round(ms) : null);
  const points = cps.map(({ cp_id }) => {
    const { registeredMs, onMs } = steps.get(cp_id) ?? {};
    return { cp_id, registered_ms: round(registeredMs), on_ms: round(onMs) };
  });
  const down = done.services
    .filter(({ status }) => status !== "running")
    .map(({ name, status, why }) => `${name}: ${why ?? status}; see \`ev inspect ${name}\``);
  const unseen = points
    .filter(({ registered_ms, on_ms }) => registered_ms === null || on_ms === null)
    .map(
      ({ cp_id }) => `${cp_id}: Central does not show it On as its file says; see \`ev inspect ${cp_id}\``,
    );
  return { actions, points, troubles: [...down, ...unseen] };
}

const words: Record<AppliedAction["action"], string> = {
  started: "started: new in the fleet",
  restarted: "restarted: what it reads at its start has changed",
  updated: "told without a restart: its registration has changed",
  removed: "stopped: no longer in the fleet",
};

export function outcomeLines({ actions, points, troubles }: Outcome): string[] {
  return [
    ...actions.map(({ service, action }) => `${service}  ${words[action]}`),
    ...points
      .filter(({ registered_ms, on_ms }) => registered_ms !== null && on_ms !== null)
      .map(({ cp_id, registered_ms, on_ms }) => {
        const at = Math.max(registered_ms ?? 0, on_ms ?? 0);
        return `${cp_id}  On at Central, as its file says, after ${durationText(at)}`;
      }),
    ...troubles,
  ];
}
