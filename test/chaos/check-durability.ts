// Nothing told is lost: journals, what engines published, what the bridge acknowledged, Kafka, the groups' offsets.
import { numberingFaults } from "../support/invariants.ts";
import type { Evidence } from "./evidence.ts";

/** Topics that never rest: their readers are always a little behind. */
const flowing = new Set(["cp.status", "cp.telemetry"]);
const mostBehind = 30;

export function durabilityFaults({ history, inKafka, doubles, events }: Evidence): string[] {
  const wrong = doubles.map((name) => `10 two payloads under ${name}`);
  for (const name of new Set(history.acknowledged))
    if (!inKafka.has(name)) wrong.push(`8 ${name} was acknowledged but is not in Kafka`);
  for (const [name, payload] of history.published) {
    const kept = inKafka.get(name);
    if (kept === undefined) wrong.push(`9 ${name} was published but never came to stay`);
    else if (kept !== payload) wrong.push(`10 ${name} was published with other bytes than Kafka holds`);
  }
  for (const { cp, id, killedAtMs, events: kept } of history.journals)
    for (const { epoch, seq, payload, parked } of kept) {
      const name = `${cp}/engine/${id}/${epoch}/${seq}`;
      const stored = inKafka.get(name);
      const when = killedAtMs === null ? "in the end" : "at a kill";
      if (stored === undefined && !parked)
        wrong.push(`8 ${name} was durable ${when} but never reached Kafka`);
      if (stored !== undefined && stored !== payload)
        wrong.push(`10 ${name} differs between journal and Kafka`);
    }
  for (const list of events.values()) wrong.push(...numberingFaults(list));
  for (const journal of history.journals) {
    if (journal.killedAtMs !== null) continue;
    const waiting = journal.events.filter(({ acked, parked }) => !acked && !parked).length;
    if (waiting > 0) wrong.push(`17 ${journal.cp}: ${waiting} events wait in the outbox`);
    if (journal.events.length > 60)
      wrong.push(`19 ${journal.cp}: journal keeps ${journal.events.length} events`);
  }
  for (const { group, topic, partition, committed, end } of history.offsets)
    if (end - committed > (flowing.has(topic) ? mostBehind : 0))
      wrong.push(`17 ${group} is ${end - committed} behind on ${topic}/${partition}`);
  const buried = history.tables.deadLetters.length + (history.kafka["dead-letters"]?.length ?? 0);
  if (buried > 0) wrong.push(`13 ${buried} records were buried`);
  return wrong;
}
