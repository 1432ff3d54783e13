// Publishes what the journal holds: the shell around outbox.rules, with one timer for the next resend.
import type { AckMessage } from "../../wire/messages/index.ts";
import { emptyOutbox, nextDueMono, onLink, onSettled, toPublish } from "./outbox.rules.ts";
import type { Journal } from "./port.ts";

export interface Publisher {
  /** The link came up (true) or went down. */
  link(up: boolean): void;
  /** There may be something new to publish. */
  pump(): void;
  /** The bridge's word about events of this journal; a message for another journal is ignored. */
  settle(message: AckMessage): void;
  stop(): void;
}

/** `publish` hands bytes to the broker and need not tell how that went: only acknowledgements count. */
export function openPublisher(
  journal: Journal,
  publish: (payload: string) => void,
  monoMs: () => number,
  random: () => number = Math.random,
): Publisher {
  const outbox = emptyOutbox();
  let timer: NodeJS.Timeout | undefined;

  function pump(): void {
    const read = (kind: "urgent" | "bulk", after: { epoch: number; seq: number } | null, limit: number) =>
      journal.unacknowledged(kind, after, limit);
    for (const entry of toPublish(outbox, read, monoMs(), random)) publish(entry.payload);
    clearTimeout(timer);
    const due = nextDueMono(outbox);
    if (due !== null) timer = setTimeout(pump, Math.max(10, due - monoMs()));
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
        onSettled(outbox, message.epoch, message.ranges);
      } else {
        journal.park(message.epoch, message.seq, message.deadLetter);
        onSettled(outbox, message.epoch, [[message.seq, message.seq]]);
      }
      pump();
    },
    stop() {
      clearTimeout(timer);
      onLink(outbox, false);
    },
  };
}
