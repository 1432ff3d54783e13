// The bearer token of this tab. It comes in the link's fragment, which no server sees, and stays in this tab; a second
// tab of the same page asks the first one for it.
import { type ReadonlySignal, signal } from "@preact/signals";

const place = "token";
const held = signal(sessionStorage.getItem(place));
/** Null: this tab has none, and may ask for nothing that is not public. */
export const token: ReadonlySignal<string | null> = held;

/** Takes the token out of `#token=…` and out of the address; else asks the other tabs. Call it once, first. */
export function takeToken(): void {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    keep(given);
    history.replaceState(null, "", location.pathname);
  }
  const tabs = new BroadcastChannel("ev-token");
  tabs.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data === "who has one?" && held.value) tabs.postMessage({ token: held.value });
    if (typeof data === "object" && data !== null && "token" in data && typeof data.token === "string")
      if (!held.value) keep(data.token);
  };
  if (!held.value) tabs.postMessage("who has one?");
}

/** It is no longer valid. */
export function forgetToken(): void {
  sessionStorage.removeItem(place);
  held.value = null;
}

function keep(given: string): void {
  sessionStorage.setItem(place, given);
  held.value = given;
}
