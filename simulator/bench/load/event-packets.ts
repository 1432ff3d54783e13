// The MQTT packets of a simulated device's events, made by copying a template and writing digits into it: what makes
// the load must not cost what is measured. Pure.
//
// 1. Every event is a valid envelope of exactly the size asked for; one sequence number, one payload, however often.
// 2. Numbers have a fixed width, so that whoever reads the events back finds them at fixed places.
import { type Envelope, mqttTopics, packReadings, type Reading } from "../../../wire/messages/index.ts";

export type EventKind = "event" | "meter";

/** Sequence numbers have seven digits, for the whole of a run. */
/** The one before it has seven too. */
export const firstSeq = 1_000_001;
export const eventBytes = 200;
export const readingsPerMeter = 60;

const stampDigits = 13;
const seqMark = '"seq":';
const prevMark = '"prev":';
const stampMark = '"wall":';
/** Gives every stamp thirteen digits: the monotonic clock starts at the machine's. */
const stampFromUs = 1_000_000_000_000;

export function cpName(index: number): string {
  return `CP-B${String(index).padStart(4, "0")}`;
}

/** The device of an event read back; -1 when it is none of a bench's. */
export function cpIndex(cp: string | null): number {
  return cp?.startsWith("CP-B") ? Number(cp.slice(4)) : -1;
}

export interface EventPackets {
  /** Bytes of one PUBLISH packet. */
  packetBytes: number;
  payload: Buffer;
  /** Puts a PUBLISH of QoS 1 at `at`. `stampUs`: when it was first sent, by the monotonic clock. */
  put(into: Buffer, at: number, seq: number, packetId: number, stampUs: number): void;
}

export function eventPackets(cp: string, journal: string, kind: EventKind): EventPackets {
  const payload = kind === "meter" ? meterPayload(cp, journal) : eventPayload(cp, journal);
  const topic = Buffer.from(mqttTopics.engineEvents(cp));
  const rest = 2 + topic.length + 2 + payload.length;
  const length = remainingLength(rest);
  const packet = Buffer.concat([
    Buffer.from([0x32, ...length, topic.length >> 8, topic.length & 255]),
    topic,
    Buffer.from([0, 0]),
    payload,
  ]);
  const payloadAt = packet.length - payload.length;
  const places = placesIn(payload);
  return {
    packetBytes: packet.length,
    payload,
    put(into, at, seq, packetId, stampUs) {
      packet.copy(into, at);
      const from = at + payloadAt;
      into[from - 2] = packetId >> 8;
      into[from - 1] = packetId & 255;
      putDigits(into, from + places.seq, 7, seq);
      putDigits(into, from + places.prev, 7, seq - 1);
      putDigits(into, from + places.stamp, stampDigits, stampFromUs + stampUs);
    },
  };
}

export interface Places {
  seq: number;
  prev: number;
  stamp: number;
}

/** Where in a payload its numbers stand. Throws when it is none of a bench's. */
export function placesIn(payload: Uint8Array): Places {
  const text = Buffer.from(payload).toString("latin1");
  const after = (mark: string) => {
    const at = text.indexOf(mark);
    if (at < 0) throw new Error(`no ${mark} in ${text.slice(0, 80)}`);
    return at + mark.length;
  };
  return { seq: after(seqMark), prev: after(prevMark), stamp: after(stampMark) };
}

export function seqAt(payload: Uint8Array, places: Places): number {
  return digitsAt(payload, places.seq, 7);
}

export function stampUsAt(payload: Uint8Array, places: Places): number {
  return digitsAt(payload, places.stamp, stampDigits) - stampFromUs;
}

function eventPayload(cp: string, journal: string): Buffer {
  const bare = Buffer.byteLength(JSON.stringify(envelope(cp, journal, "connector", { pad: "" })));
  return Buffer.from(
    JSON.stringify(envelope(cp, journal, "connector", { pad: "x".repeat(Math.max(0, eventBytes - bare)) })),
  );
}

/** A minute of a charging car, 1 Hz, as columns. */
function meterPayload(cp: string, journal: string): Buffer {
  const readings: Reading[] = [];
  let registerWh = 48_211;
  for (let i = 0; i < readingsPerMeter; i++) {
    registerWh += 2;
    readings.push({ mono: 1_000_000 + 1_000 * i + (i % 3), registerWh, powerW: 7_360 + (i % 17) });
  }
  const body = { ...packReadings(`S-${cp}-0123456789abcdef`, 48_000, readings) };
  return Buffer.from(JSON.stringify(envelope(cp, journal, "meter", body)));
}

function envelope(cp: string, journal: string, type: string, body: Record<string, unknown>): Envelope {
  return {
    v: 1,
    cp,
    src: "engine",
    journal,
    epoch: 1,
    seq: firstSeq,
    prev: firstSeq - 1,
    type,
    at: { boot: "b1", mono: 1, wall: stampFromUs, synced: true },
    body,
  };
}

function remainingLength(length: number): number[] {
  return length < 128 ? [length] : [(length & 127) | 128, length >> 7];
}

function putDigits(into: Buffer, at: number, width: number, value: number): void {
  let rest = value;
  for (let i = at + width - 1; i >= at; i--) {
    const next = Math.floor(rest / 10);
    into[i] = 48 + rest - 10 * next;
    rest = next;
  }
}

function digitsAt(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = at; i < at + width; i++) value = 10 * value + (bytes[i] ?? 48) - 48;
  return value;
}
