// A record that no handler can use is kept with its reason, and the partition goes on.
import { type DeadLetter, identityText, parseEnvelope } from "../../wire/messages/index.ts";
import { type DeadLetterRow, keys } from "../tables/rows.ts";
import type { Decision } from "./plan.ts";

export interface KafkaRecord {
  topic: string;
  partition: number;
  offset: number;
  /** For device events: the bridge's ingestAt. */
  timestampMs: number;
  value: Uint8Array;
}

const payloadBytesAtMost = 48 * 1024;

/** The row, the dead letter and the line; the same record always gives the same id. */
export function bury(record: KafkaRecord, reason: string, nowMs: number): Decision {
  const envelope = parseEnvelope(record.value);
  const id = `${record.topic}/${record.partition}-${record.offset}`;
  const letter: DeadLetter = {
    v: 1,
    id,
    where: "central",
    topic: record.topic,
    reason: reason.slice(0, 1_000),
    payloadBase64: Buffer.from(record.value.subarray(0, payloadBytesAtMost)).toString("base64"),
    ...(envelope.ok ? { event: identityText(envelope.value) } : {}),
    atMs: nowMs,
  };
  const { v: _v, event, ...fields } = letter;
  const row: DeadLetterRow = { ...fields, event: event ?? null, resolved: null };
  const session = envelope.ok && envelope.value.type.startsWith("session.");
  return {
    writes: [{ do: "put", key: keys.deadLetter(id), value: row, expect: "any" }],
    sends: [{ to: "dead-letters", message: letter }],
    logs: [
      session
        ? { level: "error", text: `ALERT: a session event is a dead letter, ${id}: ${reason}` }
        : { level: "warn", text: `dead letter ${id}: ${reason}` },
    ],
  };
}
