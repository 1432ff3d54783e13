// Carries out the planned faults on a running fleet and mends each one when its time is over.
import { setTimeout as pause } from "node:timers/promises";
import type { ControlCommand } from "../../simulator/charger/control.messages.ts";
import { openChargerControl } from "../../simulator/charger/control.ts";
import { errorText } from "../../wire/process/log.ts";
import { eventually, type LiveFleet } from "../support/live-fleet.ts";
import type { Fault, History } from "./history.ts";
import { readJournal } from "./journals.ts";
import type { Network } from "./network.ts";
import type { PlannedFault, Targets } from "./plan.rules.ts";
import type { SmallDisk } from "./small-disk.ts";

export interface Ground {
  fleet: LiveFleet;
  network: Network;
  disk: SmallDisk | null;
  targets: Targets;
  /** Where the journal of a charge point lies. */
  journalPath(cp: string): string;
  history: Pick<History, "faults" | "journals" | "acknowledged">;
  say(line: string): void;
}

/** Runs the plan to its end; resolves when every fault is mended (`abandon`: mends what is under way, starts no more). */
export async function runNemesis(
  ground: Ground,
  plan: readonly PlannedFault[],
  abandon: AbortSignal,
): Promise<void> {
  const began = performance.now();
  const running = plan.map(async (planned) => {
    const late = await pause(began + planned.atMs - performance.now(), false, { signal: abandon }).catch(
      () => true,
    );
    if (late) return;
    await strike(ground, planned, abandon).catch((error: unknown) =>
      ground.say(`${textOf(planned)}: ${errorText(error)}`),
    );
  });
  await Promise.all(running);
}

export function textOf({ kind, target, lastsMs }: PlannedFault): string {
  return `${kind} ${target}${lastsMs > 0 ? ` for ${(lastsMs / 1000).toFixed(1)} s` : ""}`;
}

async function strike(ground: Ground, planned: PlannedFault, abandon: AbortSignal): Promise<void> {
  const { kind, target, cp, lastsMs } = planned;
  const fault: Fault = { kind, target, cp, fromMs: Date.now(), toMs: Number.POSITIVE_INFINITY };
  ground.history.faults.push(fault);
  ground.say(textOf(planned));
  try {
    const mend = await inject(ground, planned);
    await pause(lastsMs, undefined, { signal: abandon }).catch(() => {});
    await mend();
  } finally {
    fault.toMs = Date.now();
  }
}

type Mend = () => Promise<void> | void;

async function inject(ground: Ground, { kind, target, cp, lastsMs }: PlannedFault): Promise<Mend> {
  const { fleet, network, disk } = ground;
  switch (kind) {
    case "kill": {
      await fleet.ask({ verb: "kill", services: [target] });
      const engineOf = ground.targets.cps.find(({ engine }) => engine === target);
      if (engineOf)
        ground.history.journals.push(readJournal(ground.journalPath(engineOf.cp), engineOf.cp, Date.now()));
      return async () => {
        await fleet.ask({ verb: "start", services: [target] });
      };
    }
    case "freeze": {
      const [paused] = await fleet.ask({ verb: "pause", services: [target] });
      if (paused?.status !== "paused") throw new Error(`${target} does not run`);
      return async () => {
        await fleet.ask({ verb: "unpause", services: [target] });
      };
    }
    case "black-hole":
    case "half-open":
    case "hold":
    case "cut": {
      const link = network.links.get(target);
      if (!link) throw new Error(`no line ${target}`);
      if (kind === "cut") link.proxy.cutAll();
      else if (kind === "hold") link.proxy.hold();
      else link.proxy.blackHole(kind === "black-hole" ? "both" : "answers");
      return () => link.proxy.heal();
    }
    case "disk-full":
      disk?.fill();
      return () => disk?.free();
    case "mains":
      await tellBox(ground, cp, { do: "mains", on: false });
      return () => tellBox(ground, cp, { do: "mains", on: true });
    case "glitch":
      return tellBox(ground, cp, { do: "glitch" }).then(() => nothing);
    case "box-reset":
      return tellBox(ground, cp, { do: "reset" }).then(() => nothing);
    case "mute":
      return tellBox(ground, cp, { do: "mute", ms: lastsMs }).then(() => nothing);
    case "corrupt":
      return tellBox(ground, cp, { do: "corrupt", frames: 5 }).then(() => nothing);
    case "unplug":
      return tellBox(ground, cp, { do: "unplug" }).then(() => nothing);
  }
}

const nothing: Mend = () => {};

/** A refusal ("no car is plugged in") is no fault of anybody's. */
export async function tellBox(
  { fleet }: Pick<Ground, "fleet">,
  cp: string | null,
  command: ControlCommand,
): Promise<void> {
  const control = await openChargerControl(`${fleet.places.sockets}/${cp}.box.sock`);
  try {
    await control.do(command);
  } finally {
    control.close();
  }
}

/** Whatever is still wrong is mended: frozen processes, lines, disk, boxes; what does not run is started. */
export async function mendAll({ fleet, network, disk, targets }: Ground): Promise<void> {
  const names = (await fleet.ask({ verb: "status" })).map(({ name }) => name);
  await fleet.ask({ verb: "unpause", services: names });
  for (const { proxy } of network.links.values()) proxy.heal();
  disk?.free();
  await fleet.ask({ verb: "start", services: [] });
  // One that was started again just now may not hear yet.
  for (const { cp } of targets.cps) {
    const tell = () =>
      tellBox({ fleet }, cp, { do: "mains", on: true }).then(
        () => true,
        () => undefined,
      );
    await eventually(`the box of ${cp} to hear`, tell, 60_000);
  }
}
