// One direction of a proxied TCP connection: bytes may come late or stall, but never overtake each other.
//
// 1. A chunk never leaves before the one read before it, whatever was drawn for either.
// 2. What waits here is bounded: a full queue, or a sink that does not drain, stops the reading of the source.
import type { Socket } from "node:net";

/** What a line does to each chunk of bytes. */
export interface Weather {
  /** Milliseconds that every chunk takes longer. */
  delayMs: number;
  /**
   * Of a hundred chunks, so many are lost on their way. TCP sends them again, so nobody misses a byte: the chunk
   * and all behind it wait for one retransmission time-out.
   */
  lossPercent: number;
}

export const fairWeather: Weather = { delayMs: 0, lossPercent: 0 };

export interface Flow {
  take(chunk: Buffer): void;
  /** The source has said its last byte: the sink is ended after what still waits. */
  end(): void;
  /** While true nothing is read: the sender feels a line that stands still. */
  hold(held: boolean): void;
}

/** Of Linux: 200 ms at least, doubled when the repeated segment is lost too. */
const retransmissionMs = { least: 200, most: 1_000 };
const mostWaitingBytes = 4_000_000;

/** When a chunk that comes at `nowMs` leaves, after one that leaves at `lastMs`. `dice`: two numbers from 0 to 1. */
export function leavesAtMs(
  nowMs: number,
  lastMs: number,
  weather: Weather,
  dice: readonly [number, number],
): number {
  const { least, most } = retransmissionMs;
  const stallMs = dice[0] * 100 < weather.lossPercent ? least + dice[1] * (most - least) : 0;
  return Math.max(lastMs, nowMs + weather.delayMs + stallMs);
}

/** `weather` is asked for each chunk, so that a change takes effect at once for those that come after it. */
export function openFlow(source: Socket, sink: Socket, weather: () => Weather): Flow {
  const waiting: { chunk: Buffer | null; atMs: number }[] = [];
  let waitingBytes = 0;
  let lastMs = 0;
  let full = false;
  let held = false;
  let timer: NodeJS.Timeout | undefined;

  const regulate = () => {
    if (held || full || waitingBytes > mostWaitingBytes) source.pause();
    else if (source.isPaused()) source.resume();
  };
  const pass = (chunk: Buffer | null) => {
    if (!sink.writable) return;
    if (chunk === null) sink.end();
    else if (!sink.write(chunk)) {
      full = true;
      sink.once("drain", () => {
        full = false;
        regulate();
      });
      regulate();
    }
  };
  const sendDue = () => {
    const nowMs = performance.now();
    for (let next = waiting[0]; next && next.atMs <= nowMs; next = waiting[0]) {
      waiting.shift();
      waitingBytes -= next.chunk?.length ?? 0;
      pass(next.chunk);
    }
    const [next] = waiting;
    timer = next && setTimeout(sendDue, Math.ceil(next.atMs - nowMs));
    regulate();
  };
  const queue = (chunk: Buffer | null, atMs: number) => {
    lastMs = atMs;
    waiting.push({ chunk, atMs });
    waitingBytes += chunk?.length ?? 0;
    timer ??= setTimeout(sendDue, Math.ceil(atMs - performance.now()));
    if (waitingBytes > mostWaitingBytes) regulate();
  };
  sink.on("close", () => {
    clearTimeout(timer);
    waiting.length = 0;
  });

  return {
    take(chunk) {
      const now = weather();
      if (waiting.length === 0 && now.delayMs === 0 && now.lossPercent === 0) pass(chunk);
      else queue(chunk, leavesAtMs(performance.now(), lastMs, now, [Math.random(), Math.random()]));
    },
    end() {
      if (waiting.length === 0) pass(null);
      else queue(null, lastMs);
    },
    hold(wanted) {
      held = wanted;
      regulate();
    },
  };
}
