// The process `ev-charger-N`: one simulated box and car behind a pseudo-terminal, with a control socket.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import * as z from "zod";
import { Id } from "../../wire/messages/index.ts";
import { systemClock } from "../../wire/process/clock.ts";
import { readEnvironment, whole } from "../../wire/process/environment.ts";
import { endWith } from "../../wire/process/lifetime.ts";
import { errorText, openLog } from "../../wire/process/log.ts";
import { seedOf } from "./chance.ts";
import type { ControlAnswer, ControlCommand } from "./control.messages.ts";
import { serveControl } from "./control.ts";
import { firmwareNames } from "./firmware.ts";
import { mcuIdOf } from "./mcu-id.ts";
import { inputsFor, statusOf } from "./point.control.ts";
import {
  advancePoint,
  newPoint,
  type Point,
  type PointInput,
  type PointOptions,
  pointNextAt,
} from "./point.rules.ts";
import { energyMark, milestoneOf, restoredPoint, SavedPoint, savedOf } from "./point.saved.ts";
import { openPty } from "./pty.ts";

const environment = readEnvironment(
  z.object({
    CP_ID: Id,
    TTY_LINK: z.string().min(1),
    CONTROL_SOCKET: z.string().min(1).max(100, "a unix socket's path has at most 100 characters here"),
    STATE_PATH: z.string().min(1),
    FIRMWARE: z.enum(firmwareNames).default("8.2.3"),
    CT_RATIO: z.coerce.number().int().min(1).max(100).default(1),
    MAX_AMPS: z.coerce.number().int().min(6).max(80).default(32),
    CARS: z.enum(["auto", "none"]).default("auto"),
    SEED: whole.default(1),
  }),
);

const cp = environment.CP_ID;
const log = openLog(`Charger:${cp}`);
const clock = systemClock();
/** While energy flows the registers are saved this often, beside every time that the host is told of them. */
const saveEveryMs = 5000;
const longestWaitMs = 60_000;

const options: PointOptions = {
  firmware: environment.FIRMWARE,
  ctRatio: environment.CT_RATIO,
  maxAmps: environment.MAX_AMPS,
  cars: environment.CARS,
  seed: (environment.SEED ^ seedOf(cp)) >>> 0,
  mcuId: mcuIdOf(cp),
};

let point = load();
let savedMilestone = "";
let savedEnergy = -1;
let savedAtMs = 0;
let timer: NodeJS.Timeout | undefined;

const pty = await openPty(environment.TTY_LINK, {
  onBytes: (bytes) => go([{ is: "bytes", bytes }]),
  onGone: (why) => {
    log.error(`the terminal is gone: ${why}`);
    process.exit(1);
  },
});
const control = await serveControl(environment.CONTROL_SOCKET, obey);
go([{ is: "mains", on: true }]);

endWith(log, async () => {
  clearTimeout(timer);
  go([]);
  save();
  await pty.close();
  await control.close();
});
log.info(
  `started successfully: firmware ${environment.FIRMWARE} on ${environment.TTY_LINK} (${pty.path}), ${Math.round(point.pointW / 100) / 10} kW`,
);

/** Brings the point to now, gives it the inputs, hands out its bytes and sets the alarm for what comes next. */
function go(inputs: readonly PointInput[]): void {
  const nowMs = Math.max(clock.monoMs(), point.nowMs);
  const before = point.box.evse;
  const moved = advancePoint(point, nowMs, inputs);
  point = moved.point;
  if (point.box.evse !== before) log.debug(`state ${before.toString(16)} → ${point.box.evse.toString(16)}`);
  keep(moved.bytes !== "");
  if (moved.bytes !== "") pty.write(moved.bytes);
  clearTimeout(timer);
  const next = pointNextAt(point);
  const flowing = point.intervalFrom === null ? longestWaitMs : saveEveryMs;
  timer = setTimeout(
    () => go([]),
    Math.min(next === null ? longestWaitMs : Math.max(0, next - nowMs), flowing),
  );
}

function obey(command: ControlCommand): ControlAnswer {
  go([]);
  const wanted = inputsFor(point, command);
  if ("error" in wanted) return { ok: false, error: wanted.error };
  if (command.do !== "status") log.info(`control: ${JSON.stringify(command)}`);
  if (wanted.inputs.length > 0) go(wanted.inputs);
  return { ok: true, status: statusOf(cp, point) };
}

/**
 * Saves at milestones, every 5 s while energy flows, and before the host is told of energy that is not saved yet:
 * what anybody was told is still true after this process was killed.
 */
function keep(telling: boolean): void {
  const energy = energyMark(point);
  const milestone = milestoneOf(point);
  const due = point.nowMs - savedAtMs >= saveEveryMs;
  if (milestone !== savedMilestone || (energy !== savedEnergy && (telling || due))) save();
}

function save(): void {
  const fresh = `${environment.STATE_PATH}.fresh`;
  mkdirSync(dirname(environment.STATE_PATH), { recursive: true });
  writeFileSync(fresh, JSON.stringify(savedOf(point)));
  renameSync(fresh, environment.STATE_PATH);
  savedMilestone = milestoneOf(point);
  savedEnergy = energyMark(point);
  savedAtMs = point.nowMs;
}

function load(): Point {
  const nowMs = clock.monoMs();
  let text: string;
  try {
    text = readFileSync(environment.STATE_PATH, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return newPoint(options, nowMs);
    throw error;
  }
  try {
    return restoredPoint(options, SavedPoint.parse(JSON.parse(text)), nowMs);
  } catch (error) {
    log.error(`${environment.STATE_PATH} cannot be read, move it away to start anew: ${errorText(error)}`);
    process.exit(1);
  }
}
