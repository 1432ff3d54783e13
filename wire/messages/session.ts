// What the CP Engine says about sessions. Each event repeats what its reader needs: none relies on another
// having arrived first, and `session.ended` alone suffices for the bill.
import * as z from "zod";
import { Stamp } from "./envelope.ts";
import { CommandId, Id, Sid } from "./ids.ts";
import { PriceE5 } from "./monitor.ts";

const Wh = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const Fence = z.number().int().min(0);

/** OCPP 2.0.1 ReasonEnumType, those that this system can tell. */
export const StopReason = z.enum([
  "Local",
  "Remote",
  "EVDisconnected",
  "StoppedByEV",
  "PowerLoss",
  "Reboot",
  "EmergencyStop",
  "GroundFault",
  "OvercurrentFault",
  "EnergyLimitReached",
  "TimeLimitReached",
  "DeAuthorized",
  "Other",
]);
export type StopReason = z.infer<typeof StopReason>;

/** The tariff as frozen when the session was granted; it travels with the command and comes back with the end. */
export const Tariff = z.object({
  version: z.number().int().min(1),
  priceE5PerKwh: PriceE5,
  currency: z.literal("EUR"),
});
export type Tariff = z.infer<typeof Tariff>;

/** Whose session, by which command, against which claim. */
export const Grant = z.object({
  sid: Sid,
  driver: Id,
  vehicleId: Id.optional(),
  cmdId: CommandId,
  fence: Fence,
  tariff: Tariff,
});
export type Grant = z.infer<typeof Grant>;

/** `session.started`: the relay was first seen closed. */
export const SessionStarted = Grant.extend({ registerStartWh: Wh, startedAt: Stamp });
export type SessionStarted = z.infer<typeof SessionStarted>;

/** `session.suspended` / `session.resumed`: relay open, car still plugged / closed again. */
export const SessionSuspended = Grant.extend({ registerWh: Wh, by: z.enum(["EV", "EVSE"]) });
export const SessionResumed = Grant.extend({ registerWh: Wh });

/** `session.ended`: everything the bill needs. `registerEndWh − registerStartWh` is what is billed. */
export const SessionEnded = Grant.extend({
  registerStartWh: Wh,
  registerEndWh: Wh,
  startedAt: Stamp.nullable(),
  endedAt: Stamp,
  /** Between start and end on the device's monotonic clock; null when a reboot lies between them. */
  durationMs: z.number().int().min(0).nullable(),
  reason: StopReason,
  /** True while the car has not left: the point is `finishing`, no one else may start. */
  plugged: z.boolean(),
});
export type SessionEnded = z.infer<typeof SessionEnded>;

/** `session.aborted`: granted, but no energy flowed and none will. */
export const SessionAborted = Grant.extend({
  registerWh: Wh,
  reason: z.enum(["plug-in-timeout", "stopped-before-start", "expired", "engine-restart", "charger-fault"]),
  plugged: z.boolean(),
});
export type SessionAborted = z.infer<typeof SessionAborted>;

/** `session.review`: the device cannot vouch for the figures; an operator decides. */
export const SessionReview = Grant.extend({
  registerStartWh: Wh.nullable(),
  registerEndWh: Wh.nullable(),
  cause: z.enum([
    "charger-replaced",
    "ratio-changed",
    "register-went-back",
    /** A car left while nobody looked, and a car is plugged: whose energy it was cannot be told. */
    "car-changed",
    "journal-damaged",
    "other",
  ]),
  plugged: z.boolean(),
});
export type SessionReview = z.infer<typeof SessionReview>;

/** `orphan`: energy flowed that belongs to no session; nobody is billed, an operator is told. */
export const Orphan = z.object({ registerFromWh: Wh, registerToWh: Wh, cause: z.string().max(80) });
export type Orphan = z.infer<typeof Orphan>;

/** `connector`: sent when any of its fields changes, and after each start. */
export const Connector = z.object({
  plugged: z.boolean(),
  relayClosed: z.boolean(),
  /** False while an operator's stop-cp holds. */
  operative: z.boolean(),
  /** The ended session whose car is still plugged. */
  finishing: Sid.nullable(),
  registerWh: Wh,
});
export type Connector = z.infer<typeof Connector>;

/** `hello`: after each start and each new connection, repeated until the welcome came. */
export const Hello = z.object({
  agentVersion: z.string().max(40),
  firmware: z.string().max(40).nullable(),
  /** First event of this journal that Central has not said to have processed: older marks may be forgotten. */
  oldestPending: z.object({ epoch: z.number().int().min(0), seq: z.number().int().min(0) }),
  openSid: Sid.nullable(),
  /** Null until the charger was read once: nobody has looked at the relay yet. */
  connector: Connector.nullable(),
});
export type Hello = z.infer<typeof Hello>;

/** `answer`: the device's word on a command; the same command id always gets the same answer. */
export const Answer = z.object({
  cmdId: CommandId,
  op: z.enum(["start-supply", "stop-supply", "stop-cp", "resume-cp", "watch"]),
  sid: Sid.nullable(),
  fence: Fence,
  result: z.enum(["applied", "stale", "cancelled", "expired", "busy", "refused"]),
  /** For stop-supply: what the stop found. `none` releases the claim of a start nobody heard of. */
  found: z.enum(["session", "none", "ended"]).optional(),
  /** Why it was refused: "charger unreachable", "disk full", "no fence floor", "out of service" … */
  reason: z.string().max(120).optional(),
});
export type Answer = z.infer<typeof Answer>;
