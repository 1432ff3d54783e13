// What the API appends for operators (Kafka operator.requests; key: the charge point, else the thing it concerns).
import * as z from "zod";
import { Id, Sid } from "./ids.ts";
import { PriceE5 } from "./monitor.ts";

const At = z.number().int().min(0);
const Reason = z.string().min(1).max(200);

const operator = {
  v: z.literal(1),
  /** The same for a repeat with the same Idempotency-Key: a request has its effect once. */
  id: z.string().min(1).max(64),
  operator: Id,
  requestedAt: At,
  /** Of the call's words: another call under the same Idempotency-Key is told from a repeat by it. */
  fingerprint: z.string().max(64).optional(),
  trace: z.string().max(128).optional(),
};

export const AlertSeverity = z.enum(["INFO", "WARN", "CRITICAL"]);
export const AlertId = z.string().regex(/^A-[0-9a-f]{16}$/);
export const LetterId = z.string().min(1).max(256);

const ofChargePoint = [
  z.object({ ...operator, type: z.literal("stop-cp"), cp: Id, reason: Reason.optional() }),
  z.object({ ...operator, type: z.literal("resume-cp"), cp: Id, reason: Reason.optional() }),
  z.object({
    ...operator,
    type: z.literal("stop-session"),
    cp: Id,
    sid: Sid,
    driver: Id,
    reason: Reason.optional(),
  }),
  z.object({
    ...operator,
    type: z.literal("watch"),
    cp: Id,
    forMs: z.number().int().min(1_000).max(3_600_000),
  }),
  z.object({ ...operator, type: z.literal("retire-cp"), cp: Id, reason: Reason }),
  /** A retired charge point is in use again. */
  z.object({ ...operator, type: z.literal("reinstate-cp"), cp: Id, reason: Reason }),
  z.object({
    ...operator,
    type: z.literal("tariff"),
    cp: Id,
    priceE5PerKwh: PriceE5,
    reason: Reason.optional(),
  }),
  z.object({
    ...operator,
    type: z.literal("settle-review"),
    cp: Id,
    sid: Sid,
    driver: Id,
    decision: z.enum(["bill", "waive"]),
    reason: Reason,
  }),
  /** A review of energy that belongs to no session: looked into, nobody pays. */
  z.object({
    ...operator,
    type: z.literal("close-review"),
    cp: Id,
    review: z.string().min(1).max(160),
    reason: Reason,
  }),
] as const;

const ofFleet = [
  z.object({ ...operator, type: z.literal("stop-fleet"), reason: Reason }),
  z.object({ ...operator, type: z.literal("resume-fleet"), reason: Reason.optional() }),
] as const;

const ofOther = [
  /** An announcement to all drivers, from `effectiveAt` to `expiresAt` (null: until it is ended). */
  z.object({
    ...operator,
    type: z.literal("create-alert"),
    alert: AlertId,
    title: z.string().min(1).max(80),
    message: z.string().min(1).max(500),
    severity: AlertSeverity,
    effectiveAt: At,
    expiresAt: At.nullable(),
  }),
  z.object({ ...operator, type: z.literal("end-alert"), alert: AlertId, reason: Reason.optional() }),
  /** The dead letter's record goes to its topic again; `repaired` instead of its own bytes, of the same event. */
  z.object({
    ...operator,
    type: z.literal("replay-letter"),
    letter: LetterId,
    repaired: z.string().max(16_384).optional(),
    reason: Reason,
  }),
  /** Nobody will use it any more: the device may forget its event. */
  z.object({ ...operator, type: z.literal("dismiss-letter"), letter: LetterId, reason: Reason }),
] as const;

export const ChargePointRequest = z.discriminatedUnion("type", ofChargePoint);
export type ChargePointRequest = z.infer<typeof ChargePointRequest>;
export const FleetRequest = z.discriminatedUnion("type", ofFleet);
export type FleetRequest = z.infer<typeof FleetRequest>;
export const OtherRequest = z.discriminatedUnion("type", ofOther);
export type OtherRequest = z.infer<typeof OtherRequest>;

export const OperatorRequest = z.discriminatedUnion("type", [...ofChargePoint, ...ofFleet, ...ofOther]);
export type OperatorRequest = z.infer<typeof OperatorRequest>;
