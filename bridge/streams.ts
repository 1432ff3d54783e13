// The streams of events that are on their way: one per device, source, journal and epoch, each with its sequence
// numbers, so that nothing has to be named by a text of its own while it passes.
//
// 1. A stream with something on its way is never forgotten; idle ones are, all at once, when there are too many.
import type { EventIdentity } from "../wire/messages/index.ts";

export interface EventStream extends Readonly<Omit<EventIdentity, "seq">> {
  /** What goes to Kafka, by sequence number. */
  readonly onTheWay: Map<number, Uint8Array>;
  /** In Kafka, to be named in the next acknowledgement. */
  toAck: number[];
}

export interface EventStreams {
  /** The stream of an event that came on this MQTT topic. */
  of(topic: string, identity: EventIdentity): EventStream;
  readonly size: number;
}

/** Far more than devices of one bridge with something on their way at the same time. */
const mostStreams = 50_000;

export function openStreams(most = mostStreams): EventStreams {
  const streams = new Map<string, EventStream>();
  /** What the last event of a topic belonged to: so does the next. */
  const latest = new Map<string, EventStream>();

  function forgetIdle(): void {
    latest.clear();
    for (const [name, { onTheWay, toAck }] of streams)
      if (onTheWay.size === 0 && toAck.length === 0) streams.delete(name);
  }

  return {
    of(topic, { cp, src, journal, epoch }) {
      const last = latest.get(topic);
      if (last !== undefined && last.epoch === epoch && last.journal === journal) return last;
      const name = `${cp}/${src}/${journal}/${epoch}`;
      let stream = streams.get(name);
      if (stream === undefined) {
        if (streams.size >= most) forgetIdle();
        stream = { cp, src, journal, epoch, onTheWay: new Map(), toAck: [] };
        streams.set(name, stream);
      }
      latest.set(topic, stream);
      return stream;
    },
    get size() {
      return streams.size;
    },
  };
}
