// Gives each of the monitor's messages its identity: wills included, every message takes the next number.
import { type Envelope, maxEnvelopeBytes, roadOf, type Stamp } from "../../wire/messages/index.ts";

export interface Identity {
  cp: string;
  journal: string;
  epoch: number;
}

export interface Numbered {
  seq: number;
  payload: string;
}

/** Answers a function that makes the envelope of the next message; `prev` counts per Kafka topic. */
export function numbering(
  identity: Identity,
): (type: string, at: Stamp, body: Record<string, unknown>) => Numbered {
  let seq = 0;
  const newestOf = new Map<string, number>();
  return (type, at, body) => {
    seq += 1;
    const { topic } = roadOf(type);
    const prev = newestOf.get(topic) ?? 0;
    newestOf.set(topic, seq);
    const envelope: Envelope = { v: 1, ...identity, src: "monitor", seq, prev, type, at, body };
    const payload = JSON.stringify(envelope);
    if (Buffer.byteLength(payload) > maxEnvelopeBytes)
      throw new Error(`${type} does not fit into an envelope`);
    return { seq, payload };
  };
}
