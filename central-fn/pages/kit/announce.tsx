// Says something to those who do not see the page: one polite live region, whose text is replaced.
import { signal } from "@preact/signals";

const said = signal("");

export function announce(text: string): void {
  // The same words again are news only when the region was empty in between.
  said.value = "";
  setTimeout(() => {
    said.value = text;
  }, 50);
}

/** Stands once in a page. */
export function Announcer() {
  return (
    <p class="only-read" role="status" aria-live="polite">
      {said.value}
    </p>
  );
}
