// In a strip of links that scrolls sideways, the one for where one is should be seen.
import { useEffect, useRef } from "preact/hooks";

/** A ref for the strip; `current` says when another link became the current one. */
export function useCurrentInSight<E extends HTMLElement>(current: string) {
  const strip = useRef<E>(null);
  useEffect(() => {
    const box = strip.current;
    const link = box?.querySelector<HTMLElement>("[aria-current]");
    if (box && link) box.scrollLeft = link.offsetLeft - (box.clientWidth - link.clientWidth) / 2;
  }, [current]);
  return strip;
}
