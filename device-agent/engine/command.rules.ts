// What the engine does with a command, in the protocol's order of checks.
//
// 1. A known command id gets the same answer again; a stop for an unknown session leaves a durable tombstone
//    before it is answered.
// 2. INTENT is durable before the relay may close; the permit ends with the command's time to live.
import type { Answer, Command, StartSupply, StopSupply } from "../../wire/messages/index.ts";
import { registerWh } from "../charger/register.rules.ts";
import { beginEnding } from "./session.rules.ts";
import { maxTombstones } from "./state.ts";
import { flushSamples, tellAnswer, tellConnector } from "./tell.ts";
import { log, type Turn, tell } from "./turn.ts";

export function onCommand(turn: Turn, command: Command, freeBytes: number): void {
  const known = turn.state.durable.answers.find((answer) => answer.cmdId === command.cmdId);
  if (known) {
    tell(turn, "answer", known);
    return;
  }
  switch (command.op) {
    case "start-supply":
      return onStart(turn, command, freeBytes);
    case "stop-supply":
      return onStop(turn, command);
    case "stop-cp":
      turn.state.durable.operative = false;
      if (turn.state.durable.session) beginEnding(turn, { reason: "Remote", abort: "stopped-before-start" });
      tellAnswer(turn, answerTo(command, null, "applied"));
      tellConnector(turn);
      return log(turn, "Taken out of service by an operator");
    case "resume-cp":
      turn.state.durable.operative = true;
      tellAnswer(turn, answerTo(command, null, "applied"));
      tellConnector(turn);
      return log(turn, "Back in service");
    case "watch":
      turn.state.now.watchEveryMs = command.everyMs;
      turn.state.now.watchUntilMono = turn.now.mono + command.forMs;
      flushSamples(turn);
      tellAnswer(turn, answerTo(command, null, "applied"));
  }
}

type Verdict = Pick<Answer, "result" | "reason">;

/** Expired when another boot counts the clock, or more than ttlMs passed since the echoed stamp. */
export function isExpired(command: Command, boot: string, monoMs: number): boolean {
  if (command.echo === null) return false;
  return command.echo.boot !== boot || monoMs - command.echo.mono > command.ttlMs;
}

function verdictOnStart(turn: Turn, command: StartSupply, freeBytes: number): Verdict {
  const { durable, now, config } = turn.state;
  if (command.fence < durable.fenceFloor) return { result: "stale" };
  if (durable.tombstones.includes(command.sid)) return { result: "cancelled" };
  if (isExpired(command, turn.now.boot, turn.now.mono)) return { result: "expired" };
  if (durable.session) return { result: "busy", reason: `session ${durable.session.sid} is running` };
  if (durable.finishing !== null) return { result: "busy", reason: "the last car is still plugged in" };
  if (!durable.operative) return { result: "refused", reason: "out of service" };
  if (!now.reachable || !now.reading) return { result: "refused", reason: "charger unreachable" };
  if (now.reading.fault) return { result: "refused", reason: `charger fault: ${now.reading.fault}` };
  if (now.reading.relayClosed) return { result: "refused", reason: "relay still closed" };
  if (freeBytes < config.minFreeBytes) return { result: "refused", reason: "disk full" };
  if (now.terminating) return { result: "refused", reason: "engine is stopping" };
  return { result: "applied" };
}

function onStart(turn: Turn, command: StartSupply, freeBytes: number): void {
  const { durable, now, config } = turn.state;
  // Only Central knows the highest fence given out; its welcome is followed by every open command again.
  if (!now.welcome) return log(turn, `START for ${command.sid} waits for Central's welcome`);
  if (now.starting) return log(turn, `START for ${command.sid} waits for the charger's first reading`);
  // What flowed to nobody is settled first, else it would be counted in the session too. Central sends again.
  if (durable.orphanFromWh !== null && now.reading && !now.reading.relayClosed)
    return log(turn, `START for ${command.sid} waits for the meter to settle`);
  const verdict = verdictOnStart(turn, command, freeBytes);
  tellAnswer(turn, { ...answerTo(command, command.sid, verdict.result), ...verdict });
  if (verdict.result !== "applied") {
    return log(turn, `START_SUPPLY refused for ${command.sid}: ${verdict.reason ?? verdict.result}`);
  }
  durable.fenceFloor = command.fence;
  durable.session = {
    sid: command.sid,
    driver: command.driver,
    ...(command.vehicleId === undefined ? {} : { vehicleId: command.vehicleId }),
    cmdId: command.cmdId,
    fence: command.fence,
    tariff: command.tariff,
    phase: "intent",
    registerStartWh: registerWh(durable.register),
    intentAt: turn.now,
    startedAt: null,
    plugInTimeoutS: command.plugInTimeoutS,
    limit: command.limit ?? null,
    suspendedAt: null,
    ending: null,
  };
  now.openReadings = 0;
  turn.rises.push({
    do: "supply",
    supply: {
      on: true,
      amps: config.maxAmps,
      permit: command.cmdId,
      notAfterMono: command.echo ? command.echo.mono + command.ttlMs : null,
    },
  });
  log(turn, `START_SUPPLY accepted for ${command.sid} (${command.driver})`);
}

function onStop(turn: Turn, command: StopSupply): void {
  const { durable } = turn.state;
  const answer = answerTo(command, command.sid, "applied");
  if (durable.session?.sid === command.sid) {
    beginEnding(turn, { reason: command.reason, abort: "stopped-before-start" });
    tellAnswer(turn, { ...answer, found: "session" });
    return log(turn, `STOP_SUPPLY for ${command.sid} (${command.reason})`);
  }
  const started = durable.answers.some(
    (known) => known.op === "start-supply" && known.sid === command.sid && known.result === "applied",
  );
  if (!started && !durable.tombstones.includes(command.sid))
    durable.tombstones = [...durable.tombstones, command.sid].slice(-maxTombstones);
  tellAnswer(turn, { ...answer, found: started ? "ended" : "none" });
  log(turn, `STOP_SUPPLY for ${command.sid}: ${started ? "already ended" : "never started"}`);
}

function answerTo(command: Command, sid: string | null, result: Answer["result"]): Answer {
  return { cmdId: command.cmdId, op: command.op, sid, fence: command.fence, result };
}
