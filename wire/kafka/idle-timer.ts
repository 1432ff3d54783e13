// Corrects a timer bug of kafkajs 2.2.4: with nothing queued, its request queue still re-arms a timer of (now
// negative) length, so each connection wakes the process a thousand times a second for ever, and Node 24 warns.
import RequestQueue from "kafkajs/src/network/requestQueue/index.js";

const original = RequestQueue.prototype.scheduleCheckPendingRequests;
let corrected = false;

/** Asks for the check only while a request waits: throttling without a waiting request needs none. Idempotent. */
export function correctIdleTimer(): void {
  if (corrected) return;
  if (typeof original !== "function")
    throw new Error("kafkajs changed: RequestQueue.scheduleCheckPendingRequests is gone, drop idle-timer.ts");
  RequestQueue.prototype.scheduleCheckPendingRequests = function scheduleIfWaiting() {
    if (this.pending.length > 0) original.call(this);
  };
  corrected = true;
}
