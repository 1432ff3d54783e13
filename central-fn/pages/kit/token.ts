// The bearer token of this tab. It comes in the link's fragment, which no server sees, and stays in this tab; a second
// tab of the same page asks the first one for it, and so does one whose token has ended.
import { type ReadonlySignal, signal } from "@preact/signals";

const place = "token";
const held = signal(sessionStorage.getItem(place));
/** Null: this tab has none, and may ask for nothing that is not public. */
export const token: ReadonlySignal<string | null> = held;

const tabs = new BroadcastChannel("ev-token");
/** Those that the server refused here: another tab may hold one still, and is not believed. */
const ended = new Set<string>();

/**
 * Takes the token out of `#token=…` and out of the address, now and whenever such a link is opened in this very tab,
 * which loads nothing anew; without one asks the other tabs. Call it once, first.
 */
export function takeToken(): void {
  takeFromAddress();
  window.addEventListener("hashchange", takeFromAddress);
  tabs.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data === "who has one?" && held.value) tabs.postMessage({ token: held.value });
    if (typeof data === "object" && data !== null && "token" in data && typeof data.token === "string")
      if (!held.value && !ended.has(data.token)) keep(data.token);
  };
  if (!held.value) tabs.postMessage("who has one?");
}

function takeFromAddress(): void {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return;
  history.replaceState(null, "", location.pathname);
  keep(given);
  tabs.postMessage({ token: given });
}

/** It is no longer valid. */
export function forgetToken(): void {
  if (held.value !== null) ended.add(held.value);
  sessionStorage.removeItem(place);
  held.value = null;
  tabs.postMessage("who has one?");
}

function keep(given: string): void {
  sessionStorage.setItem(place, given);
  held.value = given;
}
