// The engine as a pure function: state and input in, next state and ordered effects out.
//
// 1. Each energised interval belongs to exactly one session or is reported as an orphan.
// 2. A durable INTENT precedes the relay; power falls before the disk is asked and rises only after.
// 3. Nothing is decided about a session before the charger was read once after the start.
import type { Command, Stamp, Welcome } from "../../wire/messages/index.ts";
import type { ChargerEvent } from "../charger/port.ts";
import { onCommand } from "./command.rules.ts";
import { beginEnding, onReading } from "./session.rules.ts";
import { onFirstReading } from "./start-up.rules.ts";
import type { State } from "./state.ts";
import { connectorOf, flushSamples } from "./tell.ts";
import { beginTurn, type Effect, endTurn, log, supplyOff, type Turn, tell } from "./turn.ts";
import { isChangedUnseen, onIdentity } from "./unseen.rules.ts";

export type Input =
  | { is: "charger"; event: ChargerEvent }
  | { is: "command"; command: Command; freeBytes: number }
  | { is: "welcome"; welcome: Welcome; journal: string; epoch: number }
  | { is: "start" }
  | { is: "link"; up: boolean; oldestPending: Position }
  | { is: "tick"; oldestPending: Position }
  | { is: "terminate" };

/** A place in the journal. */
export interface Position {
  epoch: number;
  seq: number;
}

/** Readings come every second: after so long without one, a process that stood still has not looked either. */
const unseenAfterMs = 20_000;

/** A hello waits so long for the first reading: it then tells who the charger is and how the relay stands. */
const helloWaitsMs = 4_000;
const helloFirstMs = 1_000;
const helloCapMs = 30_000;
/** Free-form text of the charger; a hello with more of it would not be valid. */
const firmwareAtMost = 40;

export function decide(state: State, input: Input, at: Stamp): { state: State; effects: Effect[] } {
  const turn = beginTurn(state, at);
  switch (input.is) {
    case "charger":
      onCharger(turn, input.event);
      break;
    case "command":
      onCommand(turn, input.command, input.freeBytes);
      break;
    case "welcome":
      onWelcome(turn, input.welcome, input.journal, input.epoch);
      break;
    case "start":
      // An open session waits for the first reading, which decides; every other start begins with the power off.
      if (!turn.state.durable.session) supplyOff(turn);
      break;
    case "link":
      turn.state.now.linkUp = input.up;
      turn.state.now.helloTries = 0;
      turn.state.now.helloDueMono = at.mono + helloWaitsMs;
      if (input.up && !turn.state.now.starting) hello(turn, input.oldestPending);
      break;
    case "tick":
      onTick(turn, input.oldestPending);
      break;
    case "terminate":
      onTerminate(turn);
      break;
  }
  return endTurn(turn);
}

function onCharger(turn: Turn, event: ChargerEvent): void {
  const { durable, now } = turn.state;
  switch (event.is) {
    case "identity":
      return onIdentity(turn, event);
    case "reading":
      now.reachable = true;
      // In its self-test it cannot tell the plug: what changed unseen is read from its next word.
      if (event.reading.state === "starting" && (now.starting || now.unseen)) return finishTerminating(turn);
      if (now.reading && event.reading.mono - now.reading.mono > unseenAfterMs) now.unseen = true;
      if (now.starting) onFirstReading(turn, event.reading);
      else if (!now.unseen || !isChangedUnseen(turn, event.reading)) onReading(turn, event.reading);
      finishTerminating(turn);
      return;
    case "booted":
      now.openReadings = 0;
      return log(turn, `Charger restarted by itself (self-test ${event.selfTest})`, "warn");
    case "unreachable":
      now.reachable = false;
      now.unseen = true;
      return log(turn, `Charger unreachable: ${event.reason}`, "warn");
    case "permit-expired":
      if (durable.session?.cmdId === event.permit && durable.session.phase === "intent")
        beginEnding(turn, { reason: "Other", abort: "expired" });
      return;
  }
}

function onWelcome(turn: Turn, welcome: Welcome, journal: string, epoch: number): void {
  if (welcome.journal !== journal || welcome.epoch !== epoch) return;
  const { durable, now } = turn.state;
  if (!now.welcome) log(turn, `Welcomed by Central, fence floor ${welcome.fenceFloor}`);
  now.welcome = true;
  if (welcome.fenceFloor > durable.fenceFloor) {
    durable.fenceFloor = welcome.fenceFloor;
    turn.mustPersist = true;
  }
}

/** Once per connection, then again with growing pauses until Central's welcome came. */
function hello(turn: Turn, oldestPending: Position): void {
  const { now, durable, config } = turn.state;
  tell(turn, "hello", {
    agentVersion: config.agentVersion,
    firmware: now.firmware?.slice(0, firmwareAtMost) ?? null,
    oldestPending,
    openSid: durable.session?.sid ?? null,
    connector: now.reading ? connectorOf(turn) : null,
  });
  now.helloTries += 1;
  now.helloDueMono = turn.now.mono + Math.min(helloCapMs, helloFirstMs * 2 ** now.helloTries);
}

function onTick(turn: Turn, oldestPending: Position): void {
  const { now } = turn.state;
  const looked = now.helloTries === 0 && !now.starting;
  if (now.linkUp && !now.welcome && (looked || turn.now.mono >= now.helloDueMono)) hello(turn, oldestPending);
}

/** SIGTERM ends the session (policy close) and the process once the end is durable; resume leaves it running. */
function onTerminate(turn: Turn): void {
  const { durable, config, now } = turn.state;
  now.terminating = true;
  flushSamples(turn);
  if (durable.session && config.rebootPolicy === "close" && now.reachable)
    beginEnding(turn, { reason: "Reboot", abort: "engine-restart" });
  else {
    if (!durable.session) supplyOff(turn);
    turn.mustPersist = true;
    turn.rises.push({ do: "exit" });
  }
}

function finishTerminating(turn: Turn): void {
  if (!turn.state.now.terminating || turn.state.durable.session) return;
  turn.mustPersist = true;
  turn.rises.push({ do: "exit" });
}
