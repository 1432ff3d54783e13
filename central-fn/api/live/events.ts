// GET /events, GET /drivers/{driver_id}/events: Server-Sent Events. POST /events/cookie: for EventSource, which sends no
// Authorization header.
import { type Context, Hono } from "hono";
import { setCookie } from "hono/cookie";
import * as z from "zod";
import type { ApiEnv } from "../access.ts";
import { numeral } from "../body.ts";
import { lastSequence } from "../driver/notifications.ts";
import type { Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { route } from "../route.ts";
import { type Caller, eventsCookie } from "../tokens.ts";
import { driverEvents, fleetEvents } from "./events.schemas.ts";
import type { Live } from "./live.ts";
import { streamHeaders } from "./streams.ts";

const After = z.object({
  after: numeral(z.number().int().min(0).max(lastSequence))
    .optional()
    .describe(
      "Sequence of the last entry known; a Last-Event-ID counts before it. Without: what comes from now on",
    ),
});
const media = "text/event-stream";
const cookieAtMostMs = 12 * 3_600_000;

export function eventRoutes(parts: Parts) {
  const { tokens, now } = parts;
  return new Hono<ApiEnv>()
    .get(
      "/events",
      route({
        summary: "Streams what changes in the fleet, and how much waits for an operator",
        detail:
          "With a Last-Event-ID that this server still knows: what followed it. Else a snapshot comes first. 501: this server has no streams, poll /cp.",
        answers: { 200: { media, events: fleetEvents } },
        problems: [429, 501, 503],
      }),
      async (c) => {
        const { streams, fleet } = liveOf(parts, "/cp");
        if (asksForHead(c)) return c.body(null, 200, streamHeaders);
        await fleet.ready();
        const { stream, response } = streams.open(c, callerOf(c), () => fleet.leave(stream));
        fleet.join(stream, c.req.header("last-event-id"));
        return response;
      },
    )
    .get(
      "/drivers/:driver_id/events",
      route({
        summary: "Streams the driver's inbox and session",
        detail:
          "An inbox entry's id is its sequence: with it as Last-Event-ID everything after it comes, each once, whichever server is asked. 501: this server has no streams, poll notifications and the current session.",
        query: After,
        answers: { 200: { media, events: driverEvents } },
        problems: [429, 501, 503],
      }),
      async (c) => {
        const driver = c.req.param("driver_id");
        const { streams, inbox } = liveOf(parts, `/drivers/${driver}/notifications`);
        if (asksForHead(c)) return c.body(null, 200, streamHeaders);
        const known = /^\d{1,12}$/.exec(c.req.header("last-event-id") ?? "")?.[0];
        const after = known === undefined ? c.req.valid("query").after : Number(known);
        const last = await inbox.lastOf(driver);
        const { stream, response } = streams.open(c, callerOf(c), () => inbox.leave(driver, stream));
        // Beyond the last: the inbox began anew.
        inbox.join(driver, stream, Math.min(after ?? last, last));
        return response;
      },
    )
    .post(
      "/events/cookie",
      route({
        summary: "Sets a cookie that opens the caller's event stream and nothing else",
        detail:
          "For EventSource in a page of this server: HttpOnly, SameSite=Strict, valid as long as the token, 12 hours at most.",
        answers: { 204: null },
      }),
      async (c) => {
        const caller = callerOf(c);
        const expiresAtMs = Math.min(caller.expiresAtMs, now() + cookieAtMostMs);
        setCookie(c, eventsCookie, await tokens.signCookie({ ...caller, expiresAtMs }), {
          httpOnly: true,
          sameSite: "Strict",
          secure: isSecure(c),
          path: caller.role === "operator" ? "/events" : `/drivers/${caller.sub}/events`,
          maxAge: Math.max(0, Math.floor((expiresAtMs - now()) / 1_000)),
        });
        return c.body(null, 204);
      },
    );
}

/** Hono answers HEAD by the route of GET and drops the body: nobody would ever close that stream. */
function asksForHead(c: Context): boolean {
  return c.req.method === "HEAD";
}

function liveOf({ live }: Parts, instead: string): Live {
  if (live) return live;
  throw new Problem(501, `this server has no event streams: poll ${instead} with its ETag`);
}

/** The guard lets nobody in without one. */
function callerOf(c: Context<ApiEnv>): Caller {
  const caller = c.get("caller");
  if (!caller) throw new Error("a route that is not public was called by nobody");
  return caller;
}

function isSecure(c: Context): boolean {
  return c.req.url.startsWith("https:") || c.req.header("x-forwarded-proto") === "https";
}
