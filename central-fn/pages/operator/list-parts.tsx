// What every list of the page has: its state while it loads, and more of it.
import type { ComponentChildren } from "preact";
import { Notice } from "../kit/notice.tsx";
import type { Pages } from "../kit/pages.ts";
import { texts } from "./texts.ts";

export function MoreButton<T>({ pages }: { pages: Pages<T> }) {
  const { rows, hasMore, isLooking, failed, more } = pages;
  if (!hasMore || (isLooking && rows?.length === 0)) return null;
  return (
    <>
      {failed ? (
        <Notice tone="warning">
          {texts.moreFailed(failed.is === "refused" ? failed.detail : texts.noAnswer)}
        </Notice>
      ) : null}
      <p class="more">
        <button type="button" onClick={more}>
          {isLooking ? texts.loading : texts.more}
        </button>
      </p>
    </>
  );
}

/** Nothing has come yet, or not yet of what the filter fits, or the server refuses; else its content. */
export function Loaded<T>({
  pages,
  children,
}: {
  pages: Pages<T>;
  children(rows: readonly T[]): ComponentChildren;
}) {
  const { rows, trouble, hasMore, isLooking } = pages;
  if (trouble?.is === "refused")
    return (
      <Notice tone="error">
        {texts.refusedView}: {trouble.detail}
      </Notice>
    );
  if (rows === undefined || (rows.length === 0 && hasMore))
    return (
      <p class="empty faint" role="status">
        {rows === undefined || isLooking ? texts.loading : texts.noneNewest}
      </p>
    );
  return <>{children(rows)}</>;
}

/** A view's heading, what it is about, and what can be done in it. */
export function ViewHead({
  title,
  text,
  children,
}: {
  title: string;
  text?: string;
  children?: ComponentChildren;
}) {
  return (
    <header class="view-head">
      <div>
        <h1>{title}</h1>
        {text === undefined ? null : <p class="faint">{text}</p>}
      </div>
      {children}
    </header>
  );
}
