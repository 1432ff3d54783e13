// Schemas that many answers share: instants, money, ids, refusals.
import * as z from "zod";
import { Id, Sid } from "../../wire/messages/index.ts";

export const CpId = Id.describe("Charge point");
export const DriverId = Id.describe("Driver");
export const SessionId = Sid;
/** ISO 8601 in UTC, with milliseconds. */
export const Instant = z.iso.datetime();
export const Cost = z.object({
  amount_minor: z.int().describe("Cents"),
  currency: z.literal("EUR"),
});
/** Why an operator does something; it is kept with the act. */
export const Reason = z.string().trim().min(1).max(200);

/** Problem details (RFC 9457): the body of every refusal. */
export const ProblemBody = z.object({
  type: z.literal("about:blank"),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
});
