// `ev add-cp N [kW] [€/kWh]`: adds charge points to the fleet while it runs, and says when each is ready, registered,
// On and open for requests.
import { newCpFile } from "../fleet/additions.ts";
import type { ServiceReport } from "../fleet/control-messages.ts";
import { addMembers, memberPath } from "../fleet/edit.ts";
import type { CpFile } from "../fleet/fleet-schemas.ts";
import { serviceNames } from "../fleet/names.ts";
import { type Places, placesOf } from "../fleet/places.ts";
import { refuseTaken, typedCps } from "./add-cp.rules.ts";
import type { Arguments } from "./arguments.ts";
import { ask } from "./ask.ts";
import { addToFleet, startBegun, takeGiven } from "./begin-fleet.ts";
import { followPoints, isReached, type Steps } from "./central-reading.ts";
import type { Output } from "./output.ts";
import { applyNow, nextStartText } from "./running.ts";
import { durationText, listText } from "./text.ts";

/** Patience of a busy machine for one point, and for each more of a batch. */
const withinMs = 30_000;
const eachMoreMs = 1_500;

export async function addCp(args: Arguments, output: Output): Promise<number> {
  const startedMs = performance.now();
  const typed = typedCps(args.words);
  const places = placesOf(args.stateDir);
  const cars = args.flags.has("--by-hand") ? "none" : "auto";
  const cps = typed.ids.map((id) => ({ ...newCpFile(id, typed.powerKw, typed.price), cars }) as const);
  const { begun } = await addToFleet(args, places, async (fleet, begins) => {
    refuseTaken(typed.ids, fleet);
    await takeGiven(args, places, { system: fleet.system, cps, drivers: [] }, begins);
    addMembers(places, { cps, drivers: [] });
  });
  if (begun && (await startBegun(args, output)) !== 0) return 1;
  const applied = await applyNow(args, places);
  if (!applied)
    return tell(
      args,
      output,
      startedMs,
      cps.map((cp) => ({ cp, file: memberPath(places, cp.cp_id) })),
    );
  const steps =
    applied.addresses.centralIs === "unknown"
      ? undefined
      : await followPoints(applied.addresses.centralUrl, cps, {
          goal: "requestable",
          startedMs,
          withinMs: withinMs + (cps.length - 1) * eachMoreMs,
        });
  const { services } = await ask(args, { verb: "status" });
  return tell(
    args,
    output,
    startedMs,
    cps.map((cp) => resultOf(cp, places, services, steps?.get(cp.cp_id), startedMs)),
  );
}

interface Result {
  cp: CpFile;
  file: string;
  services?: ServiceReport[];
  /** From the command's beginning until its processes were ready; null: one of them is not. */
  readyMs?: number | null | undefined;
  /** Undefined: nobody said where Central is. */
  steps?: Steps | undefined;
}

function resultOf(
  cp: CpFile,
  places: Places,
  services: readonly ServiceReport[],
  steps: Steps | undefined,
  startedMs: number,
): Result {
  const own = services.filter(({ subject }) => subject === cp.cp_id);
  const ready = own.length > 0 && own.every(({ status }) => status === "running");
  // `since` of a running service is the moment at which it said that it was ready.
  const readyMs =
    Math.max(...own.map(({ sinceMs }) => sinceMs)) - (Date.now() - performance.now()) - startedMs;
  return {
    cp,
    file: memberPath(places, cp.cp_id),
    services: own,
    readyMs: ready ? readyMs : null,
    steps,
  };
}

function tell(args: Arguments, output: Output, startedMs: number, results: readonly Result[]): number {
  const tookMs = Math.round(performance.now() - startedMs);
  const failed = results.filter((result) => result.services && !isAsWished(result));
  if (args.flags.has("--json")) {
    const added = results.map(({ cp, file, services, readyMs, steps }) => ({
      cp_id: cp.cp_id,
      power_kw: cp.power_kw,
      price_eur_per_kwh: cp.price_eur_per_kwh,
      file,
      services: services?.map(({ name, status }) => ({ name, status })) ?? [],
      ready_ms: whole(readyMs),
      registered_ms: whole(steps?.registeredMs),
      on_ms: whole(steps?.onMs),
      requestable_ms: whole(steps?.requestableMs),
    }));
    output.line(JSON.stringify({ verb: "add-cp", took_ms: tookMs, added }, null, 2));
    return failed.length > 0 ? 1 : 0;
  }
  for (const result of results) for (const line of linesOf(result)) output.line(line);
  const ids = results.map(({ cp }) => cp.cp_id);
  output.line(
    `added ${ids.length > 6 ? `${ids.length} charge points` : listText(ids)} in ${durationText(tookMs)}`,
  );
  if (results.some(({ services }) => services === undefined)) output.line(nextStartText);
  return failed.length > 0 ? 1 : 0;
}

/** Requestable; as far as anybody here can know where nobody said which Central is to say so. */
function isAsWished({ readyMs, steps }: Result): boolean {
  if (steps === undefined) return readyMs !== null && readyMs !== undefined;
  return isReached(steps, "requestable");
}

function linesOf(result: Result): string[] {
  const { cp, file, services, readyMs, steps } = result;
  const price = cp.price_eur_per_kwh.toFixed(Math.max(2, decimals(cp.price_eur_per_kwh)));
  const head = `${cp.cp_id}  ${cp.power_kw} kW ${cp.connector_type} at ${price} €/kWh, ${cp.name}; file ${file}`;
  if (!services) return [head];
  const asOf = (ms: number | null | undefined) =>
    ms === null || ms === undefined ? "not yet" : durationText(ms);
  const times = [
    `${services.length} processes ready ${asOf(readyMs)}`,
    ...(steps === undefined
      ? ["CENTRAL_HOST is not set, so nobody asked what Central shows of it"]
      : [
          `registered ${asOf(steps.registeredMs)}`,
          `On ${asOf(steps.onMs)}`,
          `requestable ${asOf(steps.requestableMs)}`,
        ]),
  ];
  return [
    head,
    `        ${times.join(" · ")}`,
    ...troubles(result, services).map((line) => `        ${line}`),
  ];
}

function troubles(result: Result, services: readonly ServiceReport[]): string[] {
  if (isAsWished(result)) return [];
  const { cp, steps } = result;
  const down = services.filter(({ status }) => status !== "running");
  if (down.length > 0)
    return down.map(({ name, status, why }) => `${name}: ${why ?? status}; see \`ev inspect ${name}\``);
  const last = steps?.last;
  if (last?.is === "silent") return [`${last.why}: see \`ev inspect ev-central\``];
  if (last?.is === "point" && last.point.retired)
    return [`${cp.cp_id} was retired at Central, which does not take it back: choose another number`];
  return [`Central has not heard all of it: see \`ev inspect ${serviceNames.monitor(cp.cp_id)}\``];
}

function whole(ms: number | null | undefined): number | null {
  return ms === null || ms === undefined ? null : Math.round(ms);
}

function decimals(value: number): number {
  return String(value).split(".")[1]?.length ?? 0;
}
