// What a record of central.commands becomes: a message to one charge point, or a dead letter.
import * as z from "zod";
import type { InRecord, OutRecord } from "../wire/kafka/port.ts";
import { Id, maxEnvelopeBytes, mqttTopics, parseJson } from "../wire/messages/index.ts";
import { deadLetterRecord } from "./dead-letters.ts";

export type Delivery =
  | { is: "publish"; cp: string; topic: string; payload: Uint8Array }
  | { is: "dead-letter"; cp: string; record: OutRecord; reason: string };

/** Only the address is read: a newer Central may say what this bridge does not know, the device decides. */
const Address = z.object({ kind: z.string().min(1).max(40), cp: Id });

/** Never throws, whatever the bytes. `atMs` is the wall clock, `partitions` those of dead-letters. */
export function readDownlink(record: InRecord, atMs: number, partitions: number): Delivery {
  const { value } = record;
  const parsed = parseJson(Address, value);
  let reason = "";
  if (!parsed.ok) reason = parsed.reason;
  else if (parsed.value.cp !== record.key) reason = `cp ${parsed.value.cp} under the key ${record.key}`;
  else if (value.byteLength > maxEnvelopeBytes)
    reason = `command of ${value.byteLength} bytes, at most ${maxEnvelopeBytes} allowed`;
  if (parsed.ok && reason === "")
    return {
      is: "publish",
      cp: parsed.value.cp,
      topic: mqttTopics.commands(parsed.value.cp),
      payload: value,
    };
  const offence = {
    topic: record.topic,
    payload: value,
    reason,
    place: `${record.partition}/${record.offset}`,
  };
  return { is: "dead-letter", cp: "", reason, record: deadLetterRecord(offence, atMs, partitions) };
}

/** Positions of the records by charge point, each in order of the log. */
export function chainsOf(deliveries: readonly Delivery[]): number[][] {
  const chains = new Map<string, number[]>();
  for (const [index, { cp }] of deliveries.entries()) {
    const chain = chains.get(cp);
    if (chain) chain.push(index);
    else chains.set(cp, [index]);
  }
  return [...chains.values()];
}
