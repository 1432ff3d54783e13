// The envelope around every message a device sends, and the identity by which it is known for ever.
//
// 1. Identity is (cp, src, journal, epoch, seq); one identity, one payload: a resend is byte-identical.
// 2. `epoch` rises and is durable at every start before the first publish; `seq` is gapless per epoch.
// 3. `prev` is the seq of the event before this one on the same Kafka topic within the epoch (0: none), so
//    that a reader of one topic sees holes although meter samples travel on another (docs/decisions).
import * as z from "zod";
import { Id } from "./ids.ts";

/** Largest envelope in bytes; the brokers' packet limit leaves room for the MQTT header. */
export const maxEnvelopeBytes = 16_384;

export const JournalId = z.string().regex(/^[0-9a-f-]{8,36}$/);
/** `int` ends at Number.MAX_SAFE_INTEGER. */
const Count = z.number().int().min(0);

/** When something happened: `boot` is the operating system's boot id, `monoMs` its monotonic clock. */
export const Stamp = z.object({
  boot: z.string().min(1).max(64),
  /** Milliseconds of CLOCK_MONOTONIC. */
  mono: Count,
  /** Wall clock, milliseconds since 1970 UTC; only a hint where `synced` is false. */
  wall: Count,
  synced: z.boolean(),
});
export type Stamp = z.infer<typeof Stamp>;

export const Source = z.enum(["engine", "monitor"]);
export type Source = z.infer<typeof Source>;

export const Envelope = z.object({
  v: z.literal(1),
  cp: Id,
  src: Source,
  journal: JournalId,
  epoch: Count,
  seq: Count,
  prev: Count,
  type: z.string().regex(/^[a-z][a-z.-]{0,39}$/),
  at: Stamp,
  trace: z.string().max(128).optional(),
  body: z.looseObject({}),
});
export type Envelope = z.infer<typeof Envelope>;

/** The part of an envelope that names it. */
export type EventIdentity = Pick<Envelope, "cp" | "src" | "journal" | "epoch" | "seq">;

export function identityText(e: EventIdentity): string {
  return `${e.cp}/${e.src}/${e.journal}/${e.epoch}/${e.seq}`;
}

export type Parsed<T> = { ok: true; value: T } | { ok: false; reason: string };

/** Validates bytes as an envelope; the reason names the field, for the dead letter and the log. */
export function parseEnvelope(bytes: Uint8Array): Parsed<Envelope> {
  if (bytes.byteLength > maxEnvelopeBytes)
    return {
      ok: false,
      reason: `envelope of ${bytes.byteLength} bytes, at most ${maxEnvelopeBytes} allowed`,
    };
  return parseJson(Envelope, bytes);
}

/** Refuses what is no UTF-8: replaced bytes would give two payloads one meaning. */
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Parses JSON bytes with a schema; never throws. */
export function parseJson<S extends z.ZodType>(schema: S, bytes: Uint8Array | string): Parsed<z.infer<S>> {
  let json: unknown;
  try {
    json = JSON.parse(typeof bytes === "string" ? bytes : utf8.decode(bytes));
  } catch (error) {
    return { ok: false, reason: `not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, reason: issuesText(parsed.error) };
}

/** One line that names every offending field. */
export function issuesText(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join(".") || "message"}: ${issue.message}`).join("; ");
}
