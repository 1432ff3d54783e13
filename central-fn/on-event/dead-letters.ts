// A record that no handler can use is kept with its reason, and the partition goes on.
import { DeadLetter, identityText, parseEnvelope, parseJson } from "../../wire/messages/index.ts";
import { type DeadLetterRow, keys } from "../tables/rows.ts";
import { type Decision, nothing, type Plan, type Rows, unread } from "./plan.ts";

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
  const session = envelope.ok && envelope.value.type.startsWith("session.");
  return {
    writes: [{ do: "put", key: keys.deadLetter(id), value: rowOf(letter), expect: "any" }],
    sends: [{ to: "dead-letters", message: letter }],
    logs: [
      session
        ? { level: "error", text: `ALERT: a session event is a dead letter, ${id}: ${reason}` }
        : { level: "warn", text: `dead letter ${id}: ${reason}` },
    ],
  };
}

function rowOf({ v: _v, event, ...fields }: DeadLetter): DeadLetterRow {
  return { ...fields, event: event ?? null, resolved: null };
}

/** The bridge's dead letters become rows too, so that an operator finds all of them in one place. */
export function planForeign(rows: Rows, record: KafkaRecord): Plan {
  const parsed = parseJson(DeadLetter, record.value);
  if (!parsed.ok)
    return {
      ...nothing,
      logs: [
        { level: "warn", text: `dead letter at offset ${record.offset} cannot be read: ${parsed.reason}` },
      ],
    };
  const letter = parsed.value;
  // Central's own were written as rows before they were sent.
  if (letter.where === "central") return nothing;
  const key = keys.deadLetter(letter.id);
  const need = unread(rows, [key]);
  if (need) return need;
  if (rows.get(key)) return nothing;
  return {
    writes: [{ do: "put", key, value: rowOf(letter), expect: 0 }],
    sends: [],
    logs: [{ level: "warn", text: `dead letter ${letter.id} of the bridge: ${letter.reason}` }],
  };
}
