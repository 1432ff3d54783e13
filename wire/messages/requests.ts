// What the API appends for drivers (Kafka driver.requests): a request is durable before its caller hears 202, and
// it expires, so that a queue never starts a car tomorrow.
import * as z from "zod";
import { Limit } from "./command.ts";
import { Id, Sid } from "./ids.ts";

const At = z.number().int().min(0);
const Trace = z.string().max(128).optional();

export const StartRequest = z.object({
  v: z.literal(1),
  type: z.literal("start"),
  sid: Sid,
  driver: Id,
  cp: Id,
  vehicleId: Id,
  limit: Limit.optional(),
  /** Most that it may cost, in cents; turned into energy under the tariff that is granted. */
  costLimitMinor: z.number().int().min(1).optional(),
  /** Wait in line when the charge point is busy. */
  queue: z.boolean().optional(),
  /** Not before then, milliseconds; `expiresAt` is for the decision to wait until then. */
  startAt: At.optional(),
  /** Wall clock of the API, milliseconds. */
  requestedAt: At,
  expiresAt: At,
  trace: Trace,
});
export const CancelRequest = z.object({
  v: z.literal(1),
  type: z.literal("cancel"),
  sid: Sid,
  driver: Id,
  cp: Id,
  requestedAt: At,
  trace: Trace,
});
export const StopRequest = z.object({
  v: z.literal(1),
  type: z.literal("stop"),
  sid: Sid,
  driver: Id,
  cp: Id,
  requestedAt: At,
  trace: Trace,
});
/** The driver takes the offer that came at the head of the line. */
export const ConfirmRequest = z.object({
  v: z.literal(1),
  type: z.literal("confirm"),
  sid: Sid,
  driver: Id,
  cp: Id,
  requestedAt: At,
  expiresAt: At,
  trace: Trace,
});
export const FavoriteRequest = z.object({
  v: z.literal(1),
  type: z.literal("favorite"),
  driver: Id,
  cp: Id,
  on: z.boolean(),
  requestedAt: At,
  trace: Trace,
});
/** Everything up to this inbox sequence was read. */
export const ReadRequest = z.object({
  v: z.literal(1),
  type: z.literal("read"),
  driver: Id,
  upTo: z.number().int().min(0),
  requestedAt: At,
  trace: Trace,
});

export const DriverRequest = z.discriminatedUnion("type", [
  StartRequest,
  CancelRequest,
  StopRequest,
  ConfirmRequest,
  FavoriteRequest,
  ReadRequest,
]);
export type DriverRequest = z.infer<typeof DriverRequest>;
export type StartRequest = z.infer<typeof StartRequest>;
export type ConfirmRequest = z.infer<typeof ConfirmRequest>;
