// A driver's own session as he is shown it, from the request to the bill: pure, from what is stored to the fields.
import * as z from "zod";
import { cpOfSid, Id } from "../../../wire/messages/index.ts";
import { costMinor } from "../../rules/cost.ts";
import { positionOf } from "../../rules/queue.rules.ts";
import { isOver, isWaiting, type SessionStatus, statusOf, stopRequested } from "../../rules/session.ts";
import type { CpRow, LiveRow, SessionRow } from "../../tables/rows.ts";
import { instant, shownOf } from "../charge-point.view.ts";
import type { CpFacts } from "../fleet.ts";
import { CpId, Instant, SessionId } from "../schemas.ts";
import { waitMinutes } from "../wait.view.ts";

export const Status = z.enum([
  "PENDING",
  "APPROVED",
  "CHARGING",
  "COMPLETED",
  "DENIED",
  "FAILED",
  "STOPPED",
  "CANCELLED",
]) satisfies z.ZodType<SessionStatus>;

const Phase = z
  .enum([
    "requested",
    "scheduled",
    "queued",
    "offered",
    "accepted",
    "intent",
    "charging",
    "suspended",
    "rejected",
    "expired",
    "cancelled",
    "aborted",
    "needs_review",
    "ended",
    "billed",
  ])
  .describe("Finer than the status: where the session stands");

export const Command = z
  .object({
    op: z.enum(["start", "stop"]),
    state: z
      .enum(["queued", "sent", "applied", "refused"])
      .describe(
        "queued: decided, not on its way yet · sent: on its way to the charging point · then its answer",
      ),
    reason: z.string().nullable(),
  })
  .describe("What the charging point was last told to do");

export const OwnSession = z.object({
  session_id: SessionId,
  request_id: SessionId,
  cp_id: CpId,
  vehicle_id: Id.nullable(),
  status: Status,
  phase: Phase,
  interrupted: z
    .boolean()
    .describe("The charging point cannot be heard; what it charged is billed when it is back"),
  queue_position: z.int().nullable().describe("1: next"),
  queue_length: z.int().nullable(),
  estimated_wait_minutes: z.int().nullable().describe("Null: nobody can tell"),
  offer_expires_at: Instant.nullable().describe("Confirm until then"),
  place_expires_at: Instant.nullable(),
  preferred_start: Instant.nullable(),
  limit: z
    .object({
      energy_kwh: z.number().nullable(),
      duration_s: z.int().nullable(),
      cost_eur: z.number().nullable().describe("In energy_kwh already, once accepted"),
    })
    .nullable(),
  price_eur_per_kwh: z.number().nullable().describe("The tariff granted, from acceptance on"),
  requested_at: Instant.nullable(),
  started_at: Instant.nullable(),
  completed_at: Instant.nullable(),
  energy_kwh: z.number().nullable(),
  cost_eur: z.number().nullable(),
  power_kw: z.number().nullable().describe("Null when the charging point is not heard"),
  figures_at: Instant.nullable().describe("When the figures of a running session were read"),
  reason: z.string().nullable().describe("Why it was refused, expired, aborted, or went to review"),
  waived: z.boolean().describe("It was looked into and is over: nothing is billed"),
  command: Command.nullable(),
});
export type OwnSession = z.infer<typeof OwnSession>;

/** `facts` of its charge point as stored now; undefined where nothing of it is needed any more. */
export function ownSessionView(session: SessionRow, facts: CpFacts | undefined, nowMs: number): OwnSession {
  const { tariff } = session;
  const running = runningFigures(session, facts);
  const energyWh = session.energyWh ?? running?.sessionWh ?? null;
  const minor =
    session.costMinor ?? (running && tariff ? costMinor(running.sessionWh, tariff.priceE5PerKwh) : null);
  return {
    session_id: session.sid,
    request_id: session.sid,
    cp_id: session.cp,
    vehicle_id: session.vehicleId,
    status: statusOf(session.rank),
    phase: session.rank.toLowerCase() as OwnSession["phase"],
    interrupted: session.interrupted,
    ...placeView(session, facts, nowMs),
    limit: limitView(session),
    price_eur_per_kwh: tariff ? tariff.priceE5PerKwh / 100_000 : null,
    requested_at: instant(session.requestedAtMs),
    started_at: instant(session.startedAtMs),
    completed_at: instant(session.endedAtMs),
    energy_kwh: energyWh === null ? null : energyWh / 1_000,
    cost_eur: minor === null ? null : minor / 100,
    power_kw: running && facts && shownOf(facts).state === "ON" ? running.powerW / 1_000 : null,
    figures_at: instant(running?.ingestMs ?? null),
    reason: session.reason,
    waived: session.waived ?? false,
    command: commandView(session, facts?.cp),
  };
}

/** A request that is stored in Kafka and not decided yet. */
export function pendingView(sid: string): OwnSession {
  return {
    session_id: sid,
    request_id: sid,
    cp_id: cpOfSid(sid) ?? "",
    vehicle_id: null,
    status: "PENDING",
    phase: "requested",
    interrupted: false,
    ...noPlace,
    preferred_start: null,
    limit: null,
    price_eur_per_kwh: null,
    requested_at: null,
    started_at: null,
    completed_at: null,
    energy_kwh: null,
    cost_eur: null,
    power_kw: null,
    figures_at: null,
    reason: null,
    waived: false,
    command: { op: "start", state: "queued", reason: null },
  };
}

function runningFigures(session: SessionRow, facts: CpFacts | undefined): LiveRow | undefined {
  if (statusOf(session.rank) !== "CHARGING") return undefined;
  return facts?.live?.sid === session.sid ? facts.live : undefined;
}

const noPlace = {
  queue_position: null,
  queue_length: null,
  estimated_wait_minutes: null,
  offer_expires_at: null,
  place_expires_at: null,
};

function placeView(session: SessionRow, facts: CpFacts | undefined, nowMs: number) {
  const preferred_start = instant(session.startAtMs ?? null);
  const line = facts?.cp.line;
  const position = isWaiting(session.rank) ? positionOf(line, session.sid) : undefined;
  const place = position === undefined ? undefined : line?.queue[position - 1];
  if (!facts || !line || position === undefined || !place) return { ...noPlace, preferred_start };
  const offered = line.offer?.sid === session.sid;
  return {
    queue_position: position,
    queue_length: line.queue.length,
    estimated_wait_minutes: offered ? 0 : waitMinutes(facts, position - 1, nowMs),
    offer_expires_at: offered ? instant(line.offer?.expiresAtMs ?? null) : null,
    place_expires_at: instant(place.expiresAtMs),
    preferred_start,
  };
}

function limitView({ limit, costLimitMinor }: SessionRow): OwnSession["limit"] {
  if (!limit && costLimitMinor === undefined) return null;
  return {
    energy_kwh: limit?.energyWh === undefined ? null : limit.energyWh / 1_000,
    duration_s: limit?.durationS ?? null,
    cost_eur: costLimitMinor === undefined ? null : costLimitMinor / 100,
  };
}

/** An open command of the charge point's row tells whether it is in Kafka; what it is not in was answered. */
function commandView(session: SessionRow, cp: CpRow | undefined): OwnSession["command"] {
  const { rank, cmdId, command } = session;
  if (isWaiting(rank)) return null;
  const open = (op: string) => cp?.commands.find((one) => one.op === op && one.sid === session.sid);
  const stop = open("stop-supply");
  if (stop && !isOver(rank)) return { op: "stop", state: sent(stop), reason: command.reason };
  const start = open("start-supply");
  if (start) return { op: "start", state: sent(start), reason: command.reason };
  if (rank === "REJECTED" || (rank === "EXPIRED" && cmdId === null))
    return { op: "start", state: "refused", reason: session.reason };
  if (cmdId === null && isOver(rank)) return null;
  return { op: command.reason === stopRequested ? "stop" : "start", ...command };
}

function sent({ publishedAtMs }: { publishedAtMs: number | null }): "queued" | "sent" {
  return publishedAtMs === null ? "queued" : "sent";
}
