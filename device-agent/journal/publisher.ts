// Publishes what the journal holds: the shell around outbox.rules, with one timer for the next resend.
import type { AckMessage, Unpark } from "../../wire/messages/index.ts";
import type { Cancel, Timers } from "../../wire/process/timers.ts";
import { emptyOutbox, nextDueMono, onLink, onSettled, toPublish } from "./outbox.rules.ts";
import type { Journal } from "./port.ts";

export interface Publisher {
  /** The link came up (true) or went down. */
  link(up: boolean): void;
  /** There may be something new to publish. */
  pump(): void;
  /** The bridge's word about events of this journal; a message for another journal is ignored. */
  settle(message: AckMessage): void;
  /** Central's word that a dead letter of this journal is resolved. */
  unpark(message: Unpark): void;
  stop(): void;
}

/** `publish` hands bytes to the broker and need not tell how that went: only acknowledgements count. */
export function openPublisher(
  journal: Journal,
  publish: (payload: string) => void,
  monoMs: () => number,
  timers: Timers,
  random: () => number,
): Publisher {
  const outbox = emptyOutbox();
  let cancel: Cancel | undefined;

  function pump(): void {
    const read = (kind: "urgent" | "bulk", after: { epoch: number; seq: number } | null, limit: number) =>
      journal.unacknowledged(kind, after, limit);
    for (const entry of toPublish(outbox, read, monoMs(), random)) publish(entry.payload);
    cancel?.();
    cancel = undefined;
    const due = nextDueMono(outbox);
    if (due !== null) cancel = timers.after(Math.max(10, due - monoMs()), pump);
  }

  return {
    link(up) {
      onLink(outbox, up);
      pump();
    },
    pump,
    settle(message) {
      if (message.src !== "engine" || message.journal !== journal.id) return;
      if (message.kind === "ack") {
        journal.acknowledge(message.epoch, message.ranges);
        onSettled(outbox, message.epoch, message.ranges, monoMs());
      } else {
        journal.park(message.epoch, message.seq, message.deadLetter);
        onSettled(outbox, message.epoch, [[message.seq, message.seq]], monoMs());
      }
      pump();
    },
    unpark({ journal: id, epoch, seq, how }) {
      if (id !== journal.id) return;
      journal.unpark(epoch, seq, how);
      onSettled(outbox, epoch, [[seq, seq]], monoMs());
      pump();
    },
    stop() {
      cancel?.();
      onLink(outbox, false);
    },
  };
}
