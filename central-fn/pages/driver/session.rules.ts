// What a driver is shown of a session and may do with it: pure, from the API's words to stage, steps and buttons.
//
// 1. A button that cannot have an effect is not shown; what was ordered already is not ordered again.
// 2. "Charging" is said only when the charging point said so.
import type { OwnSession } from "../../api/driver/own-session.view.ts";

export type SessionFacts = Pick<
  OwnSession,
  "session_id" | "cp_id" | "status" | "phase" | "waived" | "interrupted" | "command" | "reason"
>;

export type Stage =
  /** Stored, not decided. */
  | "asking"
  | "scheduled"
  | "waiting"
  | "offered"
  /** Granted; the charging point has not answered yet. */
  | "starting"
  /** The charging point is on and waits for the car. */
  | "plug-in"
  | "charging"
  | "paused"
  /** The charging point is not heard. */
  | "interrupted"
  | "stopping"
  | "over";

export type Ending =
  | "completed"
  | "refused"
  | "expired"
  | "cancelled"
  | "nothing-charged"
  | "review"
  /** Looked into, and nothing is billed. */
  | "waived";

export type SessionAction = "confirm" | "take-back" | "leave-line" | "cancel-start" | "stop" | "receipt";

export type StepName = "stored" | "accepted" | "sent" | "applied" | "charging";
export interface Step {
  name: StepName;
  is: "done" | "now" | "open" | "failed";
}

export function stageOf(session: SessionFacts): Stage {
  const { phase, command } = session;
  switch (phase) {
    case "requested":
      return "asking";
    case "scheduled":
      return "scheduled";
    case "queued":
      return "waiting";
    case "offered":
      return "offered";
    case "accepted":
    case "intent":
      if (isStopping(session)) return "stopping";
      return command?.state === "applied" ? "plug-in" : "starting";
    case "charging":
    case "suspended":
      if (session.interrupted) return "interrupted";
      if (isStopping(session)) return "stopping";
      return phase === "charging" ? "charging" : "paused";
    case "rejected":
    case "expired":
    case "cancelled":
    case "aborted":
    case "needs_review":
    case "ended":
    case "billed":
      return "over";
  }
}

/** How it ended; undefined: it has not. */
export function endingOf({ phase, waived }: Pick<SessionFacts, "phase" | "waived">): Ending | undefined {
  switch (phase) {
    case "rejected":
      return "refused";
    case "expired":
      return "expired";
    case "cancelled":
      return "cancelled";
    case "aborted":
      return "nothing-charged";
    case "needs_review":
      return waived ? "waived" : "review";
    case "ended":
    case "billed":
      return "completed";
    default:
      return undefined;
  }
}

export function isOver(session: Pick<SessionFacts, "phase" | "waived">): boolean {
  return endingOf(session) !== undefined;
}

/** Waits for its hour or its turn. */
export function isWaiting({ phase }: Pick<SessionFacts, "phase">): boolean {
  return phase === "scheduled" || phase === "queued" || phase === "offered";
}

/** A stop is on its way, or the point has taken it and the end is to follow. A refused one may be tried again. */
function isStopping({ command }: SessionFacts): boolean {
  return command?.op === "stop" && command.state !== "refused";
}

/** The main one first. */
export function actionsOf(session: SessionFacts): SessionAction[] {
  switch (stageOf(session)) {
    case "asking":
    case "scheduled":
      return ["take-back"];
    case "waiting":
      return ["leave-line"];
    case "offered":
      return ["confirm", "leave-line"];
    case "starting":
    case "plug-in":
      return ["cancel-start"];
    case "charging":
    case "paused":
      return ["stop"];
    case "interrupted":
      return isStopping(session) ? [] : ["stop"];
    case "stopping":
      return [];
    case "over":
      return session.phase === "billed" ? ["receipt"] : [];
  }
}

const order: readonly StepName[] = ["stored", "accepted", "sent", "applied", "charging"];

/** The way of a start, from the request to the energy; empty while it waits, and for what ended without a start. */
export function stepsOf(session: SessionFacts): Step[] {
  const stage = stageOf(session);
  if (stage === "scheduled" || stage === "waiting" || stage === "offered") return [];
  const failed = failedStep(session);
  if (failed !== undefined) {
    const at = order.indexOf(failed);
    return order.slice(0, at + 1).map((name, i) => ({ name, is: i < at ? "done" : "failed" }));
  }
  const at = order.indexOf(stepNow(session, stage));
  return order.map((name, i) => ({ name, is: i < at ? "done" : i === at ? "now" : "open" }));
}

/** The step that is under way; those before it are done. */
function stepNow(session: SessionFacts, stage: Stage): StepName {
  if (stage === "asking") return "accepted";
  if (stage !== "starting" && stage !== "plug-in") return "charging";
  if (stage === "plug-in") return "charging";
  return session.command?.state === "sent" ? "applied" : "sent";
}

function failedStep({ phase, command }: SessionFacts): StepName | undefined {
  switch (phase) {
    case "rejected":
      return "accepted";
    case "expired":
      return command?.op === "start" && command.state === "sent" ? "applied" : "accepted";
    case "aborted":
      return command?.state === "refused" ? "applied" : "charging";
    default:
      return command?.op === "start" && command.state === "refused" ? "applied" : undefined;
  }
}
