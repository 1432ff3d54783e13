// The acknowledgements of a list of events, for bridges that are made for a test: grouped here, said in the bridge's words.
import { type AckTo, type InKafka, streamAcks } from "../../bridge/acks.ts";
import type { EventIdentity } from "../../wire/messages/index.ts";

/** One acknowledgement per device, source, journal and epoch, in order of first appearance. */
export function ackMessages(inKafka: Iterable<EventIdentity>): AckTo[] {
  const groups = new Map<string, InKafka & { seqs: number[] }>();
  for (const { cp, src, journal, epoch, seq } of inKafka) {
    const name = `${cp}/${src}/${journal}/${epoch}`;
    const group = groups.get(name);
    if (group) group.seqs.push(seq);
    else groups.set(name, { cp, src, journal, epoch, seqs: [seq] });
  }
  return [...groups.values()].flatMap(streamAcks);
}
