// Tells a dead connection from a quiet one: kafkajs alone stays on a black-holed socket for minutes.
//
// 1. Requests are answered in order, so while one is unanswered, bytes must come within its patience.
// 2. A connection with nothing outstanding may be silent for ever.
// 3. The coordinator may hold JoinGroup and SyncGroup for the rebalance timeout: they get their own patience.
import type { Socket } from "node:net";

export interface Patience {
  /** For every request but the two below, milliseconds. */
  ordinaryMs: number;
  /** For JoinGroup and SyncGroup: above the rebalance timeout, milliseconds. */
  joinMs: number;
}

const joinGroup = 11;
const syncGroup = 14;

/** Patience for one encoded request: int32 size, int16 api key, … */
export function patienceMs(request: Uint8Array, patience: Patience): number {
  const key = ((request[4] ?? 0) << 8) | (request[5] ?? 0);
  return key === joinGroup || key === syncGroup ? patience.joinMs : patience.ordinaryMs;
}

/** Counts complete answers (int32 size, then that many bytes) in a stream cut anywhere. */
export function answerCounter(): (chunk: Uint8Array) => number {
  let bodyBytes = 0;
  let headBytes = 0;
  let size = 0;
  return (chunk) => {
    let answers = 0;
    for (let at = 0; at < chunk.length; ) {
      if (bodyBytes > 0) {
        const taken = Math.min(bodyBytes, chunk.length - at);
        bodyBytes -= taken;
        at += taken;
        if (bodyBytes === 0) answers++;
        continue;
      }
      size = ((size << 8) | (chunk[at++] ?? 0)) >>> 0;
      if (++headBytes < 4) continue;
      bodyBytes = size;
      if (size === 0) answers++;
      headBytes = 0;
      size = 0;
    }
    return answers;
  };
}

/**
 * Destroys the socket, with an error that says so, when an answer is overdue, and tells `dead`. kafkajs writes one
 * request per call.
 */
export function destroyWhenDead(
  socket: Socket,
  patience: Patience,
  dead: (error: Error) => void = () => {},
): Socket {
  const outstandingMs: number[] = [];
  const countAnswers = answerCounter();
  let timer: NodeJS.Timeout | undefined;
  let armedMs = 0;

  const arm = () => {
    clearTimeout(timer);
    timer = undefined;
    armedMs = 0;
    for (const ms of outstandingMs) armedMs = Math.max(armedMs, ms);
    if (armedMs === 0 || socket.destroyed) return;
    const ms = armedMs;
    timer = setTimeout(() => {
      const error = new Error(`no answer from Kafka within ${ms} ms`);
      socket.destroy(error);
      dead(error);
    }, ms);
  };

  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  socket.write = ((...args: unknown[]) => {
    const [request] = args;
    if (request instanceof Uint8Array) {
      const ms = patienceMs(request, patience);
      outstandingMs.push(ms);
      // The clock runs from the first unanswered request; a later one may only lengthen it.
      if (ms > armedMs) arm();
    }
    return write(...args);
  }) as Socket["write"];
  socket.on("data", (chunk: Uint8Array) => {
    outstandingMs.splice(0, countAnswers(chunk));
    arm();
  });
  socket.on("close", () => clearTimeout(timer));
  return socket;
}
