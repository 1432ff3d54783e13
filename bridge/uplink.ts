// MQTT → Kafka. Takes what arrives, hands it to the producer, and tells the device once Kafka has it.
//
// 1. The MQTT client never waits: above the high-water mark messages are dropped, and the device sends them again.
// 2. Nothing is acknowledged before acks=all; nothing is kept beyond what is on its way.
// 3. A repeat of an event that is still on its way is dropped: the acknowledgement of the first covers it.
//
// Acknowledgements go at QoS 0: one that is lost is made good by the device's resend, while a PUBACK for each would
// double the bridge's packets.

import type { OutRecord, Producer } from "../wire/kafka/port.ts";
import { SendRefused } from "../wire/kafka/refused.ts";
import { mqttTopics } from "../wire/messages/index.ts";
import type { Link } from "../wire/mqtt/port.ts";
import { errorText, type Log } from "../wire/process/log.ts";
import { streamAcks } from "./acks.ts";
import { type EventStream, openStreams } from "./streams.ts";
import { type BridgeName, type NackTo, readUplink } from "./uplink.rules.ts";

export interface UplinkOptions extends BridgeName {
  producer: Pick<Producer, "send">;
  log: Log;
  /** Records and bytes on their way above which messages are dropped. */
  highWater?: { records: number; bytes: number };
  /** Wall clock, milliseconds; ingestAt of the records. */
  nowMs?: () => number;
}

export interface UplinkCounts {
  /** Messages that arrived. */
  in: number;
  /** Events named in acknowledgements that were handed to the broker. */
  acked: number;
  shed: number;
  deadLetters: number;
  /** Repeats dropped because the first is on its way. */
  repeats: number;
  /** Acknowledgements not sent, for their connection was gone. */
  staleAcks: number;
  refused: number;
}

export interface Uplink {
  readonly counts: Readonly<UplinkCounts>;
  /** Records on their way to Kafka. */
  readonly backlog: number;
  message(topic: string, payload: Uint8Array): void;
}

interface Carried {
  record: OutRecord;
  bytes: number;
  /** Of an event: what it belongs to, and its number there. */
  stream: EventStream | undefined;
  seq: number;
  isAcknowledged: boolean;
  nackTo: NackTo | null;
}

/** What one call of the producer settled. */
interface Settled {
  /** On which it had arrived. */
  connection: number;
  inKafka: readonly Carried[];
}

const shedLineEveryMs = 10_000;

/** `link` is asked at each use: it may be opened after the uplink. */
export function openUplink(options: UplinkOptions, link: () => Pick<Link, "connection" | "publish">): Uplink {
  const { producer, log, nowMs = Date.now } = options;
  const highWater = options.highWater ?? { records: 20_000, bytes: 16_000_000 };
  const counts: UplinkCounts = {
    in: 0,
    acked: 0,
    shed: 0,
    deadLetters: 0,
    repeats: 0,
    staleAcks: 0,
    refused: 0,
  };
  const streams = openStreams();
  let arrived: Carried[] = [];
  let settled: Settled[] = [];
  let records = 0;
  let bytes = 0;
  let shedSaidAt = Number.NEGATIVE_INFINITY;
  let shedSaid = 0;

  function message(topic: string, payload: Uint8Array): void {
    counts.in++;
    if (records >= highWater.records || bytes + payload.byteLength > highWater.bytes) return shed();
    const carried = read(topic, payload);
    if (!carried) return;
    records++;
    bytes += carried.bytes;
    // What one read of the socket brought goes to the producer as one call.
    if (arrived.push(carried) === 1) setImmediate(handOver);
  }

  function read(topic: string, payload: Uint8Array): Carried | undefined {
    const message = readUplink(topic, payload, nowMs(), options);
    switch (message.is) {
      case "foreign":
        return undefined;
      case "canary":
        return carriedOf(message.record, payload.byteLength);
      case "dead-letter":
        counts.deadLetters++;
        log.warn(`dead letter ${message.record.key}: ${message.reason}`);
        return { ...carriedOf(message.record, 2 * payload.byteLength), nackTo: message.nackTo };
      case "event": {
        const { record, identity, acknowledged } = message;
        const { seq } = identity;
        const stream = streams.of(topic, identity);
        const first = stream.onTheWay.get(seq);
        if (first && Buffer.compare(first, payload) === 0) {
          counts.repeats++;
          return undefined;
        }
        stream.onTheWay.set(seq, payload);
        return {
          record,
          bytes: payload.byteLength,
          stream,
          seq,
          isAcknowledged: acknowledged,
          nackTo: null,
        };
      }
    }
  }

  function handOver(): void {
    const burst = arrived;
    arrived = [];
    const { connection } = link();
    void producer
      .send(burst.map(({ record }) => record))
      .then(
        () => burst,
        (error: unknown) => {
          if (!(error instanceof SendRefused)) throw error;
          const refused = new Set(error.refused.map(({ record }) => record));
          counts.refused += refused.size;
          log.error(
            `Kafka refused ${refused.size} of ${burst.length}, not acknowledged: ${errorText(error)}`,
          );
          return burst.filter(({ record }) => !refused.has(record));
        },
      )
      .then((inKafka) => {
        for (const carried of burst) {
          records--;
          bytes -= carried.bytes;
          carried.stream?.onTheWay.delete(carried.seq);
        }
        if (settled.push({ connection, inKafka }) === 1) setImmediate(answer);
      });
  }

  /** Everything that one produce settled is answered together. */
  function answer(): void {
    const all = settled;
    settled = [];
    const { connection } = link();
    const toTell = new Set<EventStream>();
    for (const { connection: arrivedOn, inKafka } of all)
      for (const { stream, seq, isAcknowledged, nackTo } of inKafka) {
        if (!isAcknowledged && !nackTo) continue;
        if (arrivedOn !== connection) counts.staleAcks++;
        else if (nackTo) tell(mqttTopics.acks(nackTo.cp), JSON.stringify(nackTo.nack));
        else if (stream && stream.toAck.push(seq) === 1) toTell.add(stream);
      }
    for (const stream of toTell) {
      const { cp, src, journal, epoch, toAck } = stream;
      stream.toAck = [];
      counts.acked += toAck.length;
      for (const { topic, payload } of streamAcks({ cp, src, journal, epoch, seqs: toAck }))
        tell(topic, payload);
    }
  }

  function tell(topic: string, payload: string): void {
    void link()
      .publish(topic, payload, 0)
      .then((written) => {
        if (!written) counts.staleAcks++;
      });
  }

  function shed(): void {
    counts.shed++;
    const now = performance.now();
    if (now - shedSaidAt < shedLineEveryMs) return;
    log.warn(
      `${records} records (${bytes} bytes) wait for Kafka: dropped ${counts.shed - shedSaid} since the last such ` +
        "line; the devices send them again",
    );
    shedSaidAt = now;
    shedSaid = counts.shed;
  }

  return {
    counts,
    get backlog() {
      return records;
    },
    message,
  };
}

function carriedOf(record: OutRecord, bytes: number): Carried {
  return { record, bytes, stream: undefined, seq: 0, isAcknowledged: false, nackTo: null };
}
