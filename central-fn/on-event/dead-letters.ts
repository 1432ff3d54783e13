// A record that no handler can use is kept with its reason, and the partition goes on.
import { DeadLetter, identityText, parseEnvelope, parseJson } from "../../wire/messages/index.ts";
import { type DeadLetterRow, keys } from "../tables/rows.ts";
import { nothing, type Plan, type Rows, unread } from "./plan.ts";

export interface KafkaRecord {
  /** As it stands in Kafka, encoded: records of one key concern one thing. */
  key?: string;
  topic: string;
  partition: number;
  offset: number;
  /** For device events: the bridge's ingestAt. */
  timestampMs: number;
  value: Uint8Array;
  /** The dead letter whose replay it is. */
  replayOf?: string;
}

const payloadBytesAtMost = 48 * 1024;

/**
 * The row, the dead letter and the line; the same record always gives the same id. A replay that is still of no use
 * opens its own letter again; one that was resolved otherwise stays resolved, however often its record comes.
 */
export function bury(rows: Rows, record: KafkaRecord, reason: string, nowMs: number): Plan {
  const envelope = parseEnvelope(record.value);
  const id = record.replayOf ?? `${record.topic}/${record.partition}-${record.offset}`;
  const key = keys.deadLetter(id);
  const need = unread(rows, [key]);
  if (need) return need;
  const known = rows.get<DeadLetterRow>(key);
  const letter: DeadLetter = {
    v: 1,
    id,
    where: "central",
    topic: record.topic,
    reason: reason.slice(0, 1_000),
    payloadBase64: Buffer.from(record.value.subarray(0, payloadBytesAtMost)).toString("base64"),
    ...(envelope.ok ? { event: identityText(envelope.value) } : {}),
    atMs: nowMs,
    ingestMs: record.timestampMs,
  };
  const again = record.replayOf !== undefined && known?.value.resolved?.how === replayed;
  if (known && !again) return { ...nothing, sends: [{ to: "dead-letters", message: letter }] };
  const session = envelope.ok && envelope.value.type.startsWith("session.");
  const row = { ...rowOf(letter), ...(again ? { replays: (known.value.replays ?? 0) + 1 } : {}) };
  return {
    writes: [{ do: "put", key, value: row, expect: known?.version ?? 0 }],
    sends: [{ to: "dead-letters", message: letter }],
    logs: [
      session
        ? { level: "error", text: `ALERT: a session event is a dead letter, ${id}: ${reason}` }
        : { level: "warn", text: `dead letter ${id}: ${reason}` },
    ],
  };
}

/** How a letter was resolved whose record went to its topic again. */
export const replayed = "replayed";

function rowOf({ v: _v, event, ingestMs, ...fields }: DeadLetter): DeadLetterRow {
  return { ...fields, event: event ?? null, ...(ingestMs === undefined ? {} : { ingestMs }), resolved: null };
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
