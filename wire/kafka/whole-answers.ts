// Gives kafkajs answers only when they are complete: what it has read of an answer that broke off stays in its buffer,
// and the bytes of the next connection are read as the rest of it. Lengths are then garbage, and an exception in the
// socket's listener ends the process (tulios/kafkajs issue 715).
import type { Socket } from "node:net";

/** Far above the largest fetch; more is not Kafka at the other end. */
const mostAnswerBytes = 256 * 1024 * 1024;
const sizeBytes = 4;

/**
 * Cuts a stream into answers (int32 size, then that many bytes); `take` gets one or more whole ones. Throws when a
 * size is impossible.
 */
export function openAnswers(take: (whole: Buffer) => void): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let bytes = 0;
  let needed = sizeBytes;
  return (chunk) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes < needed) return;
    const all = chunks.length === 1 ? chunk : Buffer.concat(chunks, bytes);
    let end = 0;
    for (needed = sizeBytes; all.length - end >= needed; needed = sizeBytes) {
      const size = all.readInt32BE(end);
      if (size < sizeBytes || size > mostAnswerBytes) throw new Error(`an answer of ${size} bytes`);
      needed += size;
      if (all.length - end < needed) break;
      end += needed;
    }
    chunks = end < all.length ? [all.subarray(end)] : [];
    bytes = all.length - end;
    if (end > 0) take(all.subarray(0, end));
  };
}

/** Whoever listens to the socket's data from now on hears whole answers; it is destroyed at what is none. */
export function onlyWholeAnswers(socket: Socket): Socket {
  const on = socket.on.bind(socket) as (event: string, listener: (...args: never[]) => void) => Socket;
  socket.on = ((event: string, listener: (...args: never[]) => void) => {
    if (event !== "data") return on(event, listener);
    const answers = openAnswers(listener as unknown as (whole: Buffer) => void);
    return on("data", (chunk: Buffer) => {
      try {
        answers(chunk);
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }) as Socket["on"];
  return socket;
}
