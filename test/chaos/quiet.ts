// After the last fault: mends everything, lets sessions come to their end, and says what is still missing until
// nothing is.

import { isOver } from "../../central-fn/rules/session.ts";
import type { CpRow, SessionRow } from "../../central-fn/tables/rows.ts";
import { errorText } from "../../wire/process/log.ts";
import { nameOf } from "../support/invariants.ts";
import { eventually } from "../support/live-fleet.ts";
import { caller } from "./crowd.ts";
import { readJournal } from "./journals.ts";
import { readOffsets } from "./kafka-reading.ts";
import { type Ground, mendAll, tellBox } from "./nemesis.ts";

/** Sessions that have not ended by themselves are then stopped by their drivers, cars that stay are unplugged. */
const patienceMs = 15_000;
const againMs = 10_000;
/** An outbox tells again what was not acknowledged after at most 30 s. */
const resendMs = 40_000;

/** Resolves with an empty list when all is quiet, else with what was missing at the end of the time. */
export async function comeToRest(
  ground: Ground,
  drivers: readonly string[],
  withinMs: number,
): Promise<string[]> {
  await mendAll(ground);
  await ground.fleet.ask({ verb: "stop", services: [...drivers] });
  const began = performance.now();
  let urgedAt = began + patienceMs - againMs;
  let missing: string[] = [];
  try {
    await eventually(
      "rest",
      async () => {
        const hasResent = performance.now() - began > resendMs;
        missing = await whatIsMissing(ground, hasResent).catch((error: unknown) => [errorText(error)]);
        if (missing.length === 0) return true;
        if (performance.now() - urgedAt > againMs) {
          urgedAt = performance.now();
          ground.say(`still waiting: ${missing.slice(0, 4).join("; ")}${missing.length > 4 ? " …" : ""}`);
          await urge(ground);
        }
        return undefined;
      },
      withinMs,
    );
    return [];
  } catch {
    return missing;
  }
}

/** `hasResent`: whatever an engine had to tell it has told again; the witness hears of no older acknowledgement. */
async function whatIsMissing(ground: Ground, hasResent: boolean): Promise<string[]> {
  const { fleet, targets } = ground;
  const missing: string[] = [];
  const heard = new Set(ground.history.acknowledged);
  const { charging_points, feed } = await fleet.cps();
  for (const { cp_id, state } of charging_points) if (state !== "ON") missing.push(`${cp_id} is ${state}`);
  if (feed.stale_since !== null) missing.push(`feed stale since ${feed.stale_since}`);
  for (const session of fleet.sessions)
    if (!isOver(session.rank)) missing.push(`${session.sid} is ${session.rank}`);
  for (const row of fleet.cpRows) missing.push(...whatHolds(row));
  for (const { cp } of targets.cps) {
    const { id, events, state } = readJournal(ground.journalPath(cp), cp, null);
    // The device gathers acknowledgements in memory: the file alone does not tell what is still to be told.
    const waiting = events.filter(
      ({ epoch, seq, acked, parked }) =>
        !acked && !parked && !heard.has(nameOf({ cp, journal: id, epoch, seq })),
    );
    if (waiting.length > 0 && !hasResent)
      missing.push(
        `${cp} has to tell ${waiting.map(({ epoch, seq, payload }) => `${typeOf(payload)} ${epoch}/${seq}`).join(", ")}`,
      );
    if (state?.session) missing.push(`${cp} has ${state.session.sid} open`);
  }
  if (missing.length > 0) return missing;
  for (const { group, topic, partition, committed, end } of await readOffsets(
    `127.0.0.1:${fleet.port(9092)}`,
  ))
    if (committed < end) missing.push(`${group} lags on ${topic}/${partition} by ${end - committed}`);
  return missing.filter((one) => !/cp\.(status|telemetry)\/\d+ by \d$/.test(one));
}

function typeOf(payload: string): string {
  return (JSON.parse(payload) as { type: string }).type;
}

function whatHolds({ cp, claim, commands }: CpRow): string[] {
  return [
    ...(claim ? [`${cp} is ${claim.state} for ${claim.sid}`] : []),
    ...commands.map(({ cmdId }) => `${cp} has not answered ${cmdId}`),
  ];
}

/** Drivers stop what runs, cars leave. */
async function urge(ground: Ground): Promise<void> {
  const open = ground.fleet.sessions.filter(({ rank }: SessionRow) => !isOver(rank));
  for (const { driver, sid } of open)
    await (await caller(ground.fleet, driver))("POST", `/sessions/${sid}/stop`);
  const finishing = ground.fleet.cpRows.filter(({ claim }) => claim?.state === "finishing");
  for (const { cp } of finishing) await tellBox(ground, cp, { do: "unplug" });
}
