// `ev plug`, `ev unplug`, `ev charger`: drives the simulated box and car of a charge point by its control socket.
import { join } from "node:path";
import type { ControlAnswer, ControlCommand } from "../charger/control.messages.ts";
import { openChargerControl } from "../charger/control.ts";
import { Complaint } from "../fleet/complaint.ts";
import type { Fleet } from "../fleet/fleet-schemas.ts";
import { serviceNames } from "../fleet/names.ts";
import { type Places, placesOf } from "../fleet/places.ts";
import { cpIdOf, cpNumberIn } from "../fleet/typed-names.ts";
import { askWorker } from "../workers/worker-socket.ts";
import { sharesOfFleet, workerName, workerSocketPath } from "../workers/worker-specs.ts";
import type { Arguments } from "./arguments.ts";
import { chargerCommand, chargerCommands, plugCommand, statusText } from "./charger.rules.ts";
import type { Output } from "./output.ts";
import { fleetIn } from "./running.ts";
import { durationText } from "./text.ts";

export function plug(args: Arguments, output: Output): Promise<number> {
  const command = plugCommand(args.values.get("--need-kwh"), args.values.get("--max-kw"));
  return drive(args, output, oneCp(args, "plug"), command);
}

export function unplug(args: Arguments, output: Output): Promise<number> {
  return drive(args, output, oneCp(args, "unplug"), { do: "unplug" });
}

export async function charger(args: Arguments, output: Output): Promise<number> {
  const [cp, ...words] = args.words;
  if (cp !== undefined) return drive(args, output, cp, chargerCommand(words));
  for (const [usage, does] of chargerCommands) output.line(`  ev charger CP ${usage.padEnd(16)} ${does}`);
  throw new Complaint("charger of which charge point? For instance `ev charger 5 status`");
}

function oneCp(args: Arguments, verb: string): string {
  const [cp, ...more] = args.words;
  if (cp !== undefined && more.length === 0) return cp;
  throw new Complaint(`${verb} takes one charge point, as \`ev ${verb} 5\``);
}

async function drive(
  args: Arguments,
  output: Output,
  typed: string,
  command: ControlCommand,
): Promise<number> {
  const startedMs = performance.now();
  const places = placesOf(args.stateDir);
  const fleet = fleetIn(places);
  const cp = cpMeant(typed, fleet);
  const answer = await tell(places, fleet, cp, command);
  const tookMs = performance.now() - startedMs;
  if (args.flags.has("--json"))
    output.line(
      JSON.stringify(
        { verb: args.verb, cp_id: cp, command, took_ms: Math.round(tookMs), ...answer },
        null,
        2,
      ),
    );
  else if (answer.ok)
    output.line(`${cp}  ${command.do}: ${statusText(answer.status)} (answered in ${durationText(tookMs)})`);
  else throw new Complaint(`${cp}: ${answer.error}`);
  return answer.ok ? 0 : 1;
}

/** Throws a Complaint when the fleet has no such charge point. */
function cpMeant(typed: string, fleet: Fleet): string {
  const n = cpNumberIn(typed);
  const own = fleet.cps.find(
    ({ cp_id }) => cp_id === typed || (n !== undefined && serviceNames.engine(cp_id) === `ev-cp-e-${n}`),
  );
  if (own) return own.cp_id;
  if (n !== undefined && n >= 1 && n <= fleet.system.simulated.cps) return cpIdOf(n);
  throw new Complaint(`there is no charge point ${typed}: \`ev ps\` lists what there is`);
}

async function tell(
  places: Places,
  fleet: Fleet,
  cp: string,
  command: ControlCommand,
): Promise<ControlAnswer> {
  const hasFile = fleet.cps.some(({ cp_id }) => cp_id === cp);
  if (!hasFile) return tellWorker(places, fleet, cp, command);
  try {
    const control = await openChargerControl(join(places.sockets, `${cp}.box.sock`));
    try {
      return await control.do(command);
    } finally {
      control.close();
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const service = serviceNames.charger(cp);
    throw new Complaint(
      `${cp}'s charger does not answer: see \`ev inspect ${service}\`, then \`ev start ${service}\``,
    );
  }
}

/** A charge point of a large fleet lives with many others in one process, which passes commands on. */
async function tellWorker(
  places: Places,
  fleet: Fleet,
  cp: string,
  command: ControlCommand,
): Promise<ControlAnswer> {
  const n = cpNumberIn(cp) ?? 0;
  const share = sharesOfFleet(fleet).find(({ first, last }) => n >= first && n <= last);
  const service = share && workerName(share);
  const answer =
    service && (await askWorker(workerSocketPath(places, service), { do: "charger", cp, command }));
  if (!answer) throw new Complaint(`the worker of ${cp} does not answer: see \`ev ps\``);
  if (answer.is === "charger") return answer.answer as ControlAnswer;
  return { ok: false, error: answer.is === "refused" ? answer.reason : "the worker answered something else" };
}
