// What the bridge tells devices once Kafka has their events: per device one message that names exactly those.
import { type Ack, type EventIdentity, mqttTopics } from "../wire/messages/index.ts";

export interface AckTo {
  topic: string;
  payload: string;
}

/** About 8 kB of the 16 kB a packet may have. */
const maxRanges = 400;

/** Inclusive ranges of the numbers given, ascending, repeats merged. */
export function rangesOf(seqs: Iterable<number>): [number, number][] {
  const ranges: [number, number][] = [];
  for (const seq of [...seqs].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && seq <= last[1] + 1) last[1] = Math.max(last[1], seq);
    else ranges.push([seq, seq]);
  }
  return ranges;
}

/** One acknowledgement per device, source, journal and epoch, in order of first appearance. */
export function ackMessages(inKafka: Iterable<EventIdentity>): AckTo[] {
  const groups = new Map<string, { of: EventIdentity; seqs: number[] }>();
  for (const identity of inKafka) {
    const { cp, src, journal, epoch, seq } = identity;
    const name = `${cp}/${src}/${journal}/${epoch}`;
    const group = groups.get(name);
    if (group) group.seqs.push(seq);
    else groups.set(name, { of: identity, seqs: [seq] });
  }
  const messages: AckTo[] = [];
  for (const { of, seqs } of groups.values()) {
    const { cp, src, journal, epoch } = of;
    const ranges = rangesOf(seqs);
    for (let from = 0; from < ranges.length; from += maxRanges) {
      const ack: Ack = { kind: "ack", src, journal, epoch, ranges: ranges.slice(from, from + maxRanges) };
      messages.push({ topic: mqttTopics.acks(cp), payload: JSON.stringify(ack) });
    }
  }
  return messages;
}
