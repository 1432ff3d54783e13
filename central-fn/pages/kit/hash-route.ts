// Views have addresses: "#/cp/CP-005?tab=faults". The address is the state; going back is the browser's own button.
import { type ReadonlySignal, signal } from "@preact/signals";

export { hrefOf } from "./hash-href.ts";

export interface Place {
  /** "#/cp/CP-005" → ["cp", "CP-005"] */
  path: readonly string[];
  query: URLSearchParams;
}

/** What is no address of a view ("#token=…") is the first one's. */
export function placeOf(hash: string): Place {
  const [path = "", query = ""] = hash.startsWith("#/") ? hash.slice(2).split("?") : [];
  return {
    path: path.split("/").filter(Boolean).map(decodeURIComponent),
    query: new URLSearchParams(query),
  };
}

const current = signal(placeOf(location.hash));
export const place: ReadonlySignal<Place> = current;
window.addEventListener("hashchange", () => {
  current.value = placeOf(location.hash);
});

/** `replace`: without a step in the history, for what changes at each key press. */
export function goTo(href: string, { replace = false } = {}): void {
  if (!replace) {
    location.hash = href;
    return;
  }
  history.replaceState(null, "", href);
  current.value = placeOf(href);
}
