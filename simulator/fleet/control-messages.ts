// What the CLI and the supervisor say to each other: JSON lines over the control socket, one request per connection.
import * as z from "zod";
import { linkFaults } from "./links.rules.ts";

const Services = z.array(z.string().max(64)).min(1).max(5_000);

export const ControlRequest = z.discriminatedUnion("verb", [
  z.strictObject({ verb: z.literal("status") }),
  /** No names: every service that does not run. */
  z.strictObject({ verb: z.literal("start"), services: z.array(z.string().max(64)).max(5_000) }),
  z.strictObject({ verb: z.literal("stop"), services: Services }),
  z.strictObject({ verb: z.literal("kill"), services: Services }),
  z.strictObject({ verb: z.literal("restart"), services: Services }),
  z.strictObject({ verb: z.literal("pause"), services: Services }),
  z.strictObject({ verb: z.literal("unpause"), services: Services }),
  /** `ms` for delay, `percent` for loss; a delay or loss may carry both. */
  z.strictObject({
    verb: z.literal("disconnect"),
    services: Services,
    how: z.enum(linkFaults),
    ms: z.number().min(0).max(60_000).optional(),
    percent: z.number().min(0).max(100).optional(),
  }),
  z.strictObject({ verb: z.literal("connect"), services: Services }),
  z.strictObject({ verb: z.literal("down") }),
  /** Makes the running services what the fleet's files say. */
  z.strictObject({ verb: z.literal("apply") }),
]);
export type ControlRequest = z.infer<typeof ControlRequest>;

export const ServiceReport = z.object({
  name: z.string(),
  role: z.string(),
  subject: z.string().nullable(),
  holds: z.number().nullable().default(null),
  status: z.enum(["stopped", "starting", "running", "paused", "killed", "exited", "crashed"]),
  sinceMs: z.number(),
  pid: z.number().nullable(),
  port: z.number().nullable(),
  code: z.number().nullable(),
  signal: z.string().nullable(),
  memoryBytes: z.number().nullable(),
  readyAfterMs: z.number().nullable(),
  why: z.string().nullable(),
  /** "connected", or what is wrong with its network lines; null when it has none. */
  link: z.string().nullable().default(null),
  /** Its lines to servers: where each one's proxy listens (null: none stands between), and how it is. */
  links: z.array(z.object({ to: z.string(), at: z.string().nullable(), state: z.string() })).default([]),
});
export type ServiceReport = z.infer<typeof ServiceReport>;

export const ControlAnswer = z.discriminatedUnion("is", [
  z.object({ is: z.literal("progress"), text: z.string() }),
  /** `changed`: those that the request acted on; the others were already so. */
  z.object({
    is: z.literal("done"),
    services: z.array(ServiceReport),
    changed: z.array(z.string()),
    /** What an apply did to each. */
    actions: z
      .array(
        z.object({
          service: z.string(),
          action: z.enum(["started", "restarted", "updated", "removed"]),
        }),
      )
      .optional(),
  }),
  z.object({ is: z.literal("refused"), message: z.string() }),
]);
export type ControlAnswer = z.infer<typeof ControlAnswer>;
