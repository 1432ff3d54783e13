// The frame of every screen: heading, way back, title of the page, and where the focus goes.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../kit/icons.tsx";
import { texts } from "./texts.ts";

let screens = 0;

export interface ScreenProps {
  title: string;
  /** Where "Back" leads; undefined: this screen is one of the tabs. */
  back?: string;
  /** At the right of the heading. */
  aside?: ComponentChildren;
  children: ComponentChildren;
}

export function Screen({ title, back, aside, children }: ScreenProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // Not at the very first one: a page that just opened begins at its top.
    if (screens++ > 0) {
      window.scrollTo(0, 0);
      heading.current?.focus({ preventScroll: true });
    }
  }, []);
  useEffect(() => {
    document.title = `${title} · ${texts.app.name}`;
  }, [title]);
  return (
    <>
      <header class="screen-head">
        {back === undefined ? null : (
          <a class="button button-quiet button-icon" href={back} aria-label={texts.back}>
            <Icon name="back" size={24} />
          </a>
        )}
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {aside}
      </header>
      {children}
    </>
  );
}

/** What to press on this screen: at the bottom edge, under the thumb. */
export function Acts({ children }: { children: ComponentChildren }) {
  return <div class="acts">{children}</div>;
}
