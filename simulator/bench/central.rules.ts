// What Central's benchmark counts and compares: table writes by what they are for, bytes on the wire.
import type { Write } from "../../central-fn/tables/port.ts";
import type { OutRecord } from "../../wire/kafka/index.ts";
import { Envelope, Meter, mqttTopics, unpackReadings } from "../../wire/messages/index.ts";

/** Liveness: who was heard, and state shown · meter: newest figures · sessions: everything else. */
export const purposes = ["liveness", "meter", "sessions"] as const;
export type Purpose = (typeof purposes)[number];

export type Writes = Record<Purpose, { commits: number; rows: number }>;

export function noWrites(): Writes {
  const none = () => ({ commits: 0, rows: 0 });
  return { liveness: none(), meter: none(), sessions: none() };
}

/** Adds a commit that was done; rows that it only checked are no writes. */
export function addCommit(writes: Writes, commit: readonly Write[]): void {
  const written = commit.filter((write) => write.do !== "check");
  const count = writes[purposeOf(written)];
  count.commits += 1;
  count.rows += written.length;
}

function purposeOf(written: readonly Write[]): Purpose {
  const is = (prefix: string) => written.some(({ key }) => key.pk.startsWith(prefix));
  if (is("feed#") || is("history#")) return "liveness";
  return is("live#") ? "meter" : "sessions";
}

/** Readings that a record carries; 0 for what is no meter message. */
export function readingsIn({ topic, value }: OutRecord): number {
  if (topic !== "cp.telemetry") return 0;
  const event = JSON.parse(String(value)) as { body: { w: unknown[] } };
  return event.body.w.length;
}

/** Bytes of the MQTT PUBLISH packet (QoS 1) that carries this payload of an engine. */
export function publishBytes(cp: string, payload: string): number {
  const rest =
    2 + Buffer.byteLength(mqttTopics.engineEvents(cp)) + 2 /* packet id */ + Buffer.byteLength(payload);
  const lengthBytes = rest < 128 ? 1 : rest < 16_384 ? 2 : 3;
  return 1 + lengthBytes + rest;
}

/** What the same readings would be as one JSON message each, with the same envelope and the fields by name. */
export function naivePublishBytes(columns: string): number {
  const event = Envelope.parse(JSON.parse(columns));
  const { sid, registerStartWh, ...rest } = Meter.parse(event.body);
  const readings = unpackReadings({ sid, registerStartWh, ...rest });
  return readings
    .map((reading, i) => {
      const one = { ...event, seq: event.seq + i, prev: event.prev + i };
      return publishBytes(event.cp, JSON.stringify({ ...one, body: { sid, registerStartWh, ...reading } }));
    })
    .reduce((sum, bytes) => sum + bytes, 0);
}

/** Rows written per reading, liveness included. */
export function rowsPerReading(writes: Writes, readings: number): number {
  return (writes.meter.rows + writes.liveness.rows) / readings;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
