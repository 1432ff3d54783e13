// What Central says to a charge point (Kafka central.commands, key cp; MQTT …/commands), and what the bridge
// says about an event's fate (MQTT …/acks).
import * as z from "zod";
import { JournalId, Source } from "./envelope.ts";
import { CommandId, Id, Sid } from "./ids.ts";
import { StopReason, Tariff } from "./session.ts";

const Fence = z.number().int().min(0);

/** A limit at which the engine ends the session by itself. Cost is turned into energy by Central. */
export const Limit = z.object({
  energyWh: z.number().int().min(1).max(10_000_000).optional(),
  durationS: z
    .number()
    .int()
    .min(1)
    .max(7 * 86_400)
    .optional(),
});
export type Limit = z.infer<typeof Limit>;

const common = {
  kind: z.literal("command"),
  v: z.literal(1),
  cp: Id,
  cmdId: CommandId,
  fence: Fence,
  /** The newest stamp of this charge point that Central has seen; null: none, the command never expires. */
  echo: z.object({ boot: z.string().min(1).max(64), mono: z.number().int().min(0) }).nullable(),
  /** Expired when the boot id differs or monoNow − echo.mono > ttlMs. Ignored for stops. */
  ttlMs: z.number().int().min(0),
  /** Wall clock of Central, for logs only. */
  issuedAt: z.number().int().min(0),
  trace: z.string().max(128).optional(),
};

export const StartSupply = z.object({
  ...common,
  op: z.literal("start-supply"),
  sid: Sid,
  driver: Id,
  vehicleId: Id.optional(),
  tariff: Tariff,
  limit: Limit.optional(),
  /** No closed relay within this time: the session is aborted at 0 Wh. */
  plugInTimeoutS: z.number().int().min(1).max(3_600),
});
export const StopSupply = z.object({ ...common, op: z.literal("stop-supply"), sid: Sid, reason: StopReason });
export const StopCp = z.object({ ...common, op: z.literal("stop-cp") });
export const ResumeCp = z.object({ ...common, op: z.literal("resume-cp") });
/** Send readings every `everyMs` for the next `forMs`: somebody is looking. */
export const Watch = z.object({
  ...common,
  op: z.literal("watch"),
  everyMs: z.number().int().min(500).max(60_000),
  forMs: z.number().int().min(1_000).max(3_600_000),
});

export const Command = z.discriminatedUnion("op", [StartSupply, StopSupply, StopCp, ResumeCp, Watch]);
export type Command = z.infer<typeof Command>;
export type StartSupply = z.infer<typeof StartSupply>;
export type StopSupply = z.infer<typeof StopSupply>;

/** Answer to hello. Until it came the engine refuses START: only Central knows the highest fence given out. */
export const Welcome = z.object({
  kind: z.literal("welcome"),
  v: z.literal(1),
  cp: Id,
  journal: JournalId,
  epoch: z.number().int().min(0),
  /** Commands with a lower fence are stale. */
  fenceFloor: Fence,
});
export type Welcome = z.infer<typeof Welcome>;

/** Everything of this journal up to (epoch, seq) on cp.events is in the tables: the device may forget it. */
export const Processed = z.object({
  kind: z.literal("processed"),
  v: z.literal(1),
  cp: Id,
  journal: JournalId,
  epoch: z.number().int().min(0),
  seq: z.number().int().min(0),
});
export type Processed = z.infer<typeof Processed>;

/**
 * A dead letter of the bridge is resolved. `replayed`: its record is in Kafka after all, as if acknowledged;
 * `dismissed`: nobody will use it, the device may forget it.
 */
export const Unpark = z.object({
  kind: z.literal("unpark"),
  v: z.literal(1),
  cp: Id,
  journal: JournalId,
  epoch: z.number().int().min(0),
  seq: z.number().int().min(0),
  how: z.enum(["replayed", "dismissed"]),
});
export type Unpark = z.infer<typeof Unpark>;

export const Downlink = z.discriminatedUnion("kind", [Command, Welcome, Processed, Unpark]);
export type Downlink = z.infer<typeof Downlink>;

/** Inclusive ranges of sequence numbers that are in Kafka: exactly those, never "up to". */
export const Ack = z.object({
  kind: z.literal("ack"),
  src: Source,
  journal: JournalId,
  epoch: z.number().int().min(0),
  ranges: z.array(z.tuple([z.number().int().min(0), z.number().int().min(0)])).min(1),
});
export type Ack = z.infer<typeof Ack>;

/** The event is a dead letter: the device keeps it, stops resending it, and raises no further noise. */
export const Nack = z.object({
  kind: z.literal("nack"),
  src: Source,
  journal: JournalId,
  epoch: z.number().int().min(0),
  seq: z.number().int().min(0),
  deadLetter: z.string().max(128),
  reason: z.string().max(300),
});
export type Nack = z.infer<typeof Nack>;

export const AckMessage = z.discriminatedUnion("kind", [Ack, Nack]);
export type AckMessage = z.infer<typeof AckMessage>;
