// The time of day as a signal that moves once a second: what shows an age reads it and is drawn anew by itself.
import { type ReadonlySignal, signal } from "@preact/signals";

const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1_000);
document.addEventListener("visibilitychange", () => {
  now.value = Date.now();
});

/** Milliseconds since 1970, at most a second old while the page is seen. */
export const nowMs: ReadonlySignal<number> = now;
