// What the CLI and the supervisor say to each other: JSON lines over the control socket, one request per connection.
import * as z from "zod";

export const ControlRequest = z.discriminatedUnion("verb", [
  z.strictObject({ verb: z.literal("status") }),
  /** No names: every service that does not run. */
  z.strictObject({ verb: z.literal("start"), services: z.array(z.string().max(64)).max(5_000) }),
  z.strictObject({ verb: z.literal("stop"), services: z.array(z.string().max(64)).min(1).max(5_000) }),
  z.strictObject({ verb: z.literal("kill"), services: z.array(z.string().max(64)).min(1).max(5_000) }),
  z.strictObject({ verb: z.literal("down") }),
]);
export type ControlRequest = z.infer<typeof ControlRequest>;

export const ServiceReport = z.object({
  name: z.string(),
  role: z.string(),
  subject: z.string().nullable(),
  status: z.enum(["stopped", "starting", "running", "killed", "exited", "crashed"]),
  sinceMs: z.number(),
  pid: z.number().nullable(),
  port: z.number().nullable(),
  code: z.number().nullable(),
  signal: z.string().nullable(),
  memoryBytes: z.number().nullable(),
  readyAfterMs: z.number().nullable(),
  why: z.string().nullable(),
});
export type ServiceReport = z.infer<typeof ServiceReport>;

export const ControlAnswer = z.discriminatedUnion("is", [
  z.object({ is: z.literal("progress"), text: z.string() }),
  /** `changed`: those that the request acted on; the others were already so. */
  z.object({ is: z.literal("done"), services: z.array(ServiceReport), changed: z.array(z.string()) }),
  z.object({ is: z.literal("refused"), message: z.string() }),
]);
export type ControlAnswer = z.infer<typeof ControlAnswer>;
