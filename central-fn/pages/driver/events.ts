// The driver's event stream as calls: messages as they are written, the session's figures as they come.
import { listen } from "../kit/events.ts";
import type { OwnSession } from "./api-types.ts";
import type { Message } from "./merge.rules.ts";

export interface Heard {
  /** Sequence of the last message that is known here. */
  after(): number | undefined;
  onSession(session: OwnSession | null): void;
  onMessage(message: Message): void;
  /** Everything up to this sequence was read, here or elsewhere. */
  onRead(sequence: number): void;
  /** The inbox began anew. */
  onAnew(): void;
  /** By so much the server's clock is ahead of this device's. */
  onHeard(aheadMs: number): void;
  onTold(told: boolean): void;
}

/** Follows the stream until the returned function is called. It says something at least every 16 s. */
export function followEvents(address: string, heard: Heard): () => void {
  const after = heard.after();
  return listen(`${address}${after === undefined ? "" : `?after=${after}`}`, {
    silentMs: 20_000,
    onTold: heard.onTold,
    onEvent({ type, data }) {
      const value: unknown = JSON.parse(data);
      if (type === "notification") {
        heard.onMessage(value as Message);
        return;
      }
      if (type === "session") {
        const { at, session } = value as { at: string; session: OwnSession | null };
        heard.onHeard(aheadOf(at));
        heard.onSession(session);
        return;
      }
      if (type === "inbox") {
        const inbox = value as { at: string; last_sequence: number; read_up_to: number };
        heard.onHeard(aheadOf(inbox.at));
        if (inbox.last_sequence < (heard.after() ?? 0)) heard.onAnew();
        else heard.onRead(inbox.read_up_to);
      }
    },
  });
}

/** A difference below two seconds is the way, and counts as none. */
function aheadOf(at: string): number {
  const aheadMs = Date.parse(at) - Date.now();
  return Math.abs(aheadMs) < 2_000 ? 0 : aheadMs;
}
