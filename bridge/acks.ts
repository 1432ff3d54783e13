// What the bridge tells devices once Kafka has their events: per device one message that names exactly those.
import { type Ack, type EventIdentity, mqttTopics } from "../wire/messages/index.ts";

export interface AckTo {
  topic: string;
  payload: string;
}

/** Events of one device, source, journal and epoch that are in Kafka. */
export interface InKafka extends Omit<EventIdentity, "seq"> {
  seqs: readonly number[];
}

/** About 8 kB of the 16 kB a packet may have. */
const maxRanges = 400;

/** Inclusive ranges of the numbers given, ascending, repeats merged. */
export function rangesOf(seqs: readonly number[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const seq of isAscending(seqs) ? seqs : [...seqs].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && seq <= last[1] + 1) last[1] = Math.max(last[1], seq);
    else ranges.push([seq, seq]);
  }
  return ranges;
}

/** The acknowledgements of one stream: one, unless its numbers have very many holes. */
export function streamAcks({ cp, src, journal, epoch, seqs }: InKafka): AckTo[] {
  const ranges = rangesOf(seqs);
  const messages: AckTo[] = [];
  for (let from = 0; from < ranges.length; from += maxRanges) {
    const ack: Ack = { kind: "ack", src, journal, epoch, ranges: ranges.slice(from, from + maxRanges) };
    messages.push({ topic: mqttTopics.acks(cp), payload: JSON.stringify(ack) });
  }
  return messages;
}

/** As they come from a device that does not have to send again. */
function isAscending(seqs: readonly number[]): boolean {
  for (let i = 1; i < seqs.length; i++) if ((seqs[i] ?? 0) < (seqs[i - 1] ?? 0)) return false;
  return true;
}
