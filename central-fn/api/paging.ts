// Lists in pages: `limit` and an opaque `cursor` in the query, the next page's address in the Link header (RFC 8288).
//
// A cursor is the place of the last entry that was given, so that entries that come meanwhile move nothing.
import type { Context } from "hono";
import * as z from "zod";
import { Count } from "./body.ts";
import { Problem } from "./problem.ts";

/** The part of a paged route's query that makes it one. */
export const paged = {
  limit: Count,
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,600}$/, "take it from the Link header of the page before")
    .optional(),
};

export interface PageAsked {
  limit: number;
  cursor?: string | undefined;
}

/** Says where the next page is; `place` is that of the last entry given. */
export function linkNext(c: Context, place: string): void {
  const next = new URL(c.req.url);
  next.searchParams.set("cursor", Buffer.from(place).toString("base64url"));
  // Relative to the path asked, so that it holds behind any proxy.
  c.header("link", `<${next.pathname}${next.search}>; rel="next"`);
}

/** The place after which the page begins; undefined for the first page. */
export function placeOf({ cursor }: PageAsked): string | undefined {
  if (cursor === undefined) return undefined;
  const place = Buffer.from(cursor, "base64url").toString();
  if (place === "" || place.includes("�")) throw new Problem(400, "query: cursor: it is of no page");
  return place;
}

/**
 * One page of a list that is at hand whole. `placeOfEntry` orders it (descending, or ascending when `rising`) and is
 * different for each entry.
 */
export function pageOf<T>(
  c: Context,
  entries: readonly T[],
  placeOfEntry: (entry: T) => string,
  asked: PageAsked,
  order: "falling" | "rising" = "falling",
): T[] {
  const after = placeOf(asked);
  const sign = order === "falling" ? -1 : 1;
  const placed = entries
    .map((entry) => ({ entry, place: placeOfEntry(entry) }))
    .filter(({ place }) => after === undefined || compare(place, after) * sign > 0)
    .sort((a, b) => compare(a.place, b.place) * sign);
  const page = placed.slice(0, asked.limit);
  const last = page.at(-1);
  if (last && placed.length > page.length) linkNext(c, last.place);
  return page.map(({ entry }) => entry);
}

/** An instant as a part of a place: its text is ordered as the instant. */
export function placeOfInstant(atMs: number, id: string): string {
  return `${String(atMs).padStart(15, "0")}#${id}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
