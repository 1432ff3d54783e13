// Lets what arrives on a busy connection come together before it is read: a broker writes message by message, and a
// reader that keeps up pays for each of them with a wake-up, a read and all that follows a read.
//
// 1. Rests only after many messages: at a low rate each is read as it comes.
import type { Readable } from "node:stream";

/** Messages within one rest's length from which on a connection counts as busy. */
const busyMessages = 8;

/**
 * To be called for each message. Reading rests for `restMs` after each burst while the connection is busy; the stream
 * needs a high-water mark of a byte, or it reads on while it rests.
 */
export function gatherOn(stream: Pick<Readable, "pause" | "resume">, restMs: number): () => void {
  let messages = 0;
  let since = 0;
  let isAsked = false;

  function endOfTurn(): void {
    isAsked = false;
    const now = performance.now();
    if (now - since < restMs) return;
    const isBusy = messages >= busyMessages;
    messages = 0;
    since = now;
    if (!isBusy) return;
    stream.pause();
    setTimeout(() => stream.resume(), restMs);
  }

  return () => {
    messages++;
    if (isAsked) return;
    isAsked = true;
    setImmediate(endOfTurn);
  };
}
