// A list of any length in the page's own scroll: only the rows in sight are there, each at its place.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { offsetsOf, sliceOf } from "./window-list.rules.ts";

export interface WindowListProps<T> {
  rows: readonly T[];
  keyOf(row: T): string;
  /** Height in px, the gap to the next row included; known before it is drawn. */
  heightOf(row: T): number;
  children(row: T): ComponentChildren;
  /** Told when the width changes, for lists that put several things in a row. */
  onWidth?(width: number): void;
}

/** Rows drawn beyond the screen, so that scrolling and the Tab key find something. */
const over = 4;

export function WindowList<T>({ rows, keyOf, heightOf, children, onWidth }: WindowListProps<T>) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, bottom: 1_200 });
  const offsets = useMemo(() => offsetsOf(rows.map(heightOf)), [rows, heightOf]);

  useEffect(() => {
    let frame = 0;
    const look = () => {
      frame = 0;
      const top = -(box.current?.getBoundingClientRect().top ?? 0);
      const bottom = top + window.innerHeight;
      setView((before) =>
        Math.abs(before.top - top) < 1 && before.bottom === bottom ? before : { top, bottom },
      );
    };
    const soon = () => {
      frame ||= requestAnimationFrame(look);
    };
    window.addEventListener("scroll", soon, { passive: true });
    window.addEventListener("resize", soon);
    // What stands above the list may grow or go.
    const watch = new ResizeObserver(soon);
    watch.observe(document.body);
    look();
    return () => {
      cancelAnimationFrame(frame);
      window.removeEventListener("scroll", soon);
      window.removeEventListener("resize", soon);
      watch.disconnect();
    };
  }, []);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element || !onWidth) return;
    const watch = new ResizeObserver(([entry]) => entry && onWidth(entry.contentRect.width));
    watch.observe(element);
    onWidth(element.clientWidth);
    return () => watch.disconnect();
  }, [onWidth]);

  const { from, to } = sliceOf(offsets, view.top, view.bottom, over);
  return (
    <div class="window-list" ref={box} style={{ height: `${offsets.at(-1) ?? 0}px` }}>
      {rows.slice(from, to).map((row, i) => (
        // By its top, not by a transform: hundreds of those are hundreds of things to move at each scrolled frame.
        <div key={keyOf(row)} class="window-row" style={{ top: `${offsets[from + i] ?? 0}px` }}>
          {children(row)}
        </div>
      ))}
    </div>
  );
}
