// What a server that refuses answers, for a page that must say so.
import type { Route } from "playwright-core";

/** Answers a request that was held up on its way as a refusal. */
export function refuse(route: Route, status: number, detail: string): Promise<void> {
  return route.fulfill({
    status,
    json: { detail },
    headers: { "content-type": "application/problem+json" },
  });
}
