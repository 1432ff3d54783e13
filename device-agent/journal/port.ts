// The engine's durable memory and, at once, the outbox of what it has to tell.
//
// 1. `commit` is atomic and on the disk when it returns; nothing is told or acknowledged before.
// 2. The id is random and made with the file; the epoch is raised and durable before `open` returns.
// 3. Only an acknowledgement moves the cursor, only over the contiguous prefix; only what is acknowledged, and
//    for cp.events also processed by Central, is forgotten.
import type { Stamp } from "../../wire/messages/index.ts";

/** An event to be told; the journal gives it (epoch, seq, prev) and freezes its bytes. */
export interface NewEvent {
  type: string;
  at: Stamp;
  body: Record<string, unknown>;
}

export interface OutboxEntry {
  epoch: number;
  seq: number;
  type: string;
  /** The envelope, byte-identical at every resend. */
  payload: string;
}

export interface Journal {
  readonly id: string;
  readonly epoch: number;
  /** The state of the last commit, from whichever epoch; null in a new journal. */
  readonly state: unknown;
  /**
   * Makes state (when given) and events durable in one transaction. Throws JournalBroken (exit and replay), or
   * JournalFull when the disk has no room: an urgent commit first uses the room kept back for it.
   */
  commit(state: unknown, events: readonly NewEvent[], urgent: boolean): void;
  /** Oldest first, not yet acknowledged nor dead-lettered, strictly after (epoch, seq); meter messages are `bulk`. */
  unacknowledged(
    kind: "urgent" | "bulk",
    after: { epoch: number; seq: number } | null,
    limit: number,
  ): OutboxEntry[];
  /** Marks ranges of an epoch as being in Kafka. Ranges of another journal id must not reach here. */
  acknowledge(epoch: number, ranges: readonly (readonly [number, number])[]): void;
  /** The event is a dead letter: kept, not resent. */
  park(epoch: number, seq: number, deadLetter: string): void;
  /**
   * Its dead letter is resolved: the event is in Kafka after all, or nobody will use it and it is gone from here. Of
   * no effect on an acknowledged event; without room it has none either, and is told again at a later hello.
   */
  unpark(epoch: number, seq: number, how: "replayed" | "dismissed"): void;
  /** Central has processed cp.events up to here: what is acknowledged and older may be forgotten. */
  forget(epoch: number, seq: number): void;
  /**
   * The first event of cp.events not known as processed; (epoch, last seq + 1) when there is none. Central cannot
   * know how far an older epoch went: what is not acknowledged is pending whatever `forget` said.
   */
  oldestPending(): { epoch: number; seq: number };
  /** Bytes free on its disk, for the refusal of new sessions. */
  freeBytes(): number;
  /** Entries not acknowledged. */
  readonly backlog: number;
  close(): void;
}

/** The disk did not take a commit: what is durable is unknown, only a restart that replays knows. */
export class JournalBroken extends Error {
  readonly retriable = false;
}

/** No room on the disk; meter samples may be thinned, everything else has room kept back. */
export class JournalFull extends Error {
  readonly retriable = true;
}
