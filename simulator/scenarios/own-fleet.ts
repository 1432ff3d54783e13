// A base fleet for scenarios when none runs: in a folder of its own, removed afterwards, with drivers who ask for
// nothing by themselves and no cars but those of the story.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { listText } from "../cli/text.ts";
import type { Servers } from "../fleet/addresses.ts";
import { baseFleet } from "../fleet/base-fleet.ts";
import { Complaint } from "../fleet/complaint.ts";
import { stopAllWithinMs } from "../fleet/control-handler.ts";
import { writeFleet } from "../fleet/fleet-files.ts";
import type { Fleet } from "../fleet/fleet-schemas.ts";
import { placesOf } from "../fleet/places.ts";
import { openFleet } from "../fleet/running-fleet.ts";
import { openPublicDoors } from "./public-doors.ts";

export interface OwnFleet {
  stateDir: string;
  readyMs: number;
  /** Stops it; its folder goes, unless something failed and its logs may tell why. */
  close(keepFolder: boolean): Promise<void>;
}

/** The base fleet, waiting: nobody asks, no car comes. */
export function quietFleet(): Fleet {
  const fleet = baseFleet();
  return {
    ...fleet,
    cps: fleet.cps.map((cp) => ({ ...cp, cars: "none" })),
    drivers: fleet.drivers.map((driver) => ({ ...driver, requests: [] })),
  };
}

/** Rejects with a Complaint when a port is taken or a service does not start. */
export async function openOwnFleet(
  root: string,
  portOffset: number,
  servers: Servers,
  say: (text: string) => void,
): Promise<OwnFleet> {
  const stateDir = mkdtempSync(join(tmpdir(), "ev-story-"));
  writeFleet(placesOf(stateDir).fleet, quietFleet());
  const began = performance.now();
  const forget = () => rmSync(stateDir, { recursive: true, force: true });
  const options = { root, stateDir, portOffset, servers, only: [], say, onEvent: () => {} };
  const fleet = await openFleet(options).catch((error: unknown) => {
    forget();
    throw error;
  });
  const close = async (keepFolder: boolean) => {
    await fleet.close(stopAllWithinMs);
    if (!keepFolder) forget();
  };
  const statuses = await fleet.supervisor.start(fleet.supervisor.names());
  const lame = statuses.filter(({ status }) => status !== "running").map(({ name }) => name);
  if (lame.length > 0) {
    await close(true);
    throw new Complaint(`${listText(lame)} did not start: see the logs in ${join(stateDir, "logs")}`);
  }
  await seenWhole(stateDir, fleet.fleet.cps.length);
  return { stateDir, readyMs: performance.now() - began, close };
}

const wholeWithinMs = 60_000;

/** Until Central shows all `count` charge points On; one that does not come by then is the story's to notice. */
async function seenWhole(stateDir: string, count: number): Promise<void> {
  const doors = await openPublicDoors(stateDir);
  const until = performance.now() + wholeWithinMs;
  while (performance.now() < until) {
    const cps = (await doors?.cps()) ?? [];
    if (cps.length >= count && cps.every(({ state }) => state === "ON")) return;
    await delay(100);
  }
}
