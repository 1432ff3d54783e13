// Who may call which route: one table, and a guard that denies whatever is not in it.
//
// 1. A route that is not declared here answers 403, whoever calls.
// 2. A driver's path is the caller's own, else it does not exist (404): `{driver_id}` must be the token's subject.
// 3. An id in a path has its form, else 400; no handler sees another.
import type { Context, MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import { matchedRoutes } from "hono/route";
import { idPattern, sidPattern } from "../../wire/messages/index.ts";
import { operationIdPattern } from "./operation-id.ts";
import { Problem } from "./problem.ts";
import { type Caller, eventsCookie, type Role, type Tokens } from "./tokens.ts";

export interface ApiEnv {
  Variables: { caller: Caller | undefined };
}

const driver: readonly Role[] = ["driver"];
const operator: readonly Role[] = ["operator"];
const readers: readonly Role[] = ["driver", "operator"];

/** "public": without a token, and then without personal data. */
export type Access = "public" | readonly Role[];

export const access: Readonly<Record<string, Access>> = {
  "GET /": "public",
  "GET /app/:file": "public",
  "GET /health": "public",
  "GET /openapi.json": "public",
  "GET /reference": "public",
  "GET /cp": "public",
  "GET /cp/:cp_id": "public",
  "GET /telemetry": "public",

  "POST /events/cookie": readers,
  "GET /events": operator,
  "GET /drivers/:driver_id/events": driver,

  "GET /charging-points": readers,
  "GET /charging-points/:cp_id": readers,
  "POST /drivers/:driver_id/requests": driver,
  "GET /drivers/:driver_id/requests/:request_id": driver,
  "DELETE /drivers/:driver_id/requests/:request_id": driver,
  "POST /drivers/:driver_id/requests/:request_id/confirm": driver,
  "GET /drivers/:driver_id/queue": driver,
  "GET /drivers/:driver_id/sessions/current": driver,
  "GET /drivers/:driver_id/sessions/history": driver,
  "GET /drivers/:driver_id/sessions/:session_id": driver,
  "GET /drivers/:driver_id/sessions/:session_id/receipt": driver,
  "GET /drivers/:driver_id/receipts/:session_id": driver,
  "POST /drivers/:driver_id/sessions/:session_id/stop": driver,
  "GET /drivers/:driver_id/notifications": driver,
  "POST /drivers/:driver_id/notifications/read": driver,
  "GET /drivers/:driver_id/favorites": driver,
  "POST /drivers/:driver_id/favorites": driver,
  "DELETE /drivers/:driver_id/favorites/:cp_id": driver,
  "GET /drivers/:driver_id/alerts": driver,

  "POST /cp/:cp_id/stop": operator,
  "POST /cp/:cp_id/resume": operator,
  "POST /cp/:cp_id/retire": operator,
  "POST /cp/:cp_id/reinstate": operator,
  "POST /cp/stop": operator,
  "POST /cp/resume": operator,
  "GET /operations/:operation_id": operator,
  "GET /cp/:cp_id/faults": operator,
  "GET /cp/:cp_id/statistics": operator,
  "GET /cp/:cp_id/tariffs": operator,
  "POST /cp/:cp_id/tariff": operator,
  "GET /statistics": operator,
  "GET /sessions": operator,
  "GET /sessions/:session_id": operator,
  "POST /sessions/:session_id/stop": operator,
  "GET /cdrs": operator,
  "GET /cdrs.csv": operator,
  "GET /cdrs/:cdr_id": operator,
  "GET /reviews": operator,
  "GET /reviews/:review_id": operator,
  "POST /reviews/:review_id": operator,
  "GET /dead-letters": operator,
  "GET /dead-letters/:letter_ref": operator,
  "POST /dead-letters/:letter_ref/replay": operator,
  "POST /dead-letters/:letter_ref/dismiss": operator,
  "GET /alerts": operator,
  "POST /alerts": operator,
  "POST /alerts/:alert_id/end": operator,
  "GET /audit": operator,
};

/** The route that answers: the first that fits. Undefined: none does. */
export function matchedRoute(c: Context) {
  return matchedRoutes(c).find(({ method }) => method !== "ALL");
}

/** `failed` says what is answered to a caller without a good token; it is given what would be. */
export function guard(
  tokens: Tokens,
  failed: (c: Context, otherwise: Problem) => Problem,
): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const route = matchedRoute(c);
    const byCookie = route !== undefined && cookieOpens.has(`${route.method} ${route.path}`);
    const byToken = await callerOf(c, tokens);
    if (byToken === "refused") throw failed(c, invalidToken());
    const caller = byToken ?? (byCookie ? await callerByCookie(c, tokens) : undefined);
    c.set("caller", caller);
    // No route: the answer is 404 or 405, whoever calls.
    if (!route) return next();
    const allowed = access[`${route.method} ${route.path}`];
    if (!allowed) throw new Problem(403, "nobody may call this route");
    if (allowed !== "public") {
      if (!caller) throw failed(c, noToken());
      if (!allowed.includes(caller.role))
        throw new Problem(403, `this is for the role ${allowed.join(" or ")}, the token's is ${caller.role}`);
    }
    checkPath(route.path, c.req.path, caller);
    return next();
  };
}

/** Reading alone, for EventSource; a cookie of ours opens nothing else. */
const cookieOpens: ReadonlySet<string> = new Set(["GET /events", "GET /drivers/:driver_id/events"]);

/** A page of another origin may send the cookie where both are one site: its call counts as one without. */
async function callerByCookie(c: Context, tokens: Tokens): Promise<Caller | undefined> {
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined && site !== "same-origin" && site !== "none") return undefined;
  const cookie = getCookie(c, eventsCookie);
  return cookie === undefined ? undefined : tokens.verifyCookie(cookie);
}

/** A token that is there must be good, also where none is needed: its sender believes to be known. */
async function callerOf(c: Context, tokens: Tokens): Promise<Caller | "refused" | undefined> {
  const header = c.req.header("authorization");
  if (header === undefined) return undefined;
  const token = /^Bearer +([A-Za-z0-9_.=-]+)$/i.exec(header)?.[1];
  return (token && (await tokens.verify(token))) || "refused";
}

function noToken(): Problem {
  return new Problem(401, "send a bearer token in the Authorization header", {
    "www-authenticate": 'Bearer realm="ev-api"',
  });
}

function invalidToken(): Problem {
  return new Problem(401, "the bearer token is malformed, expired or not of this system", {
    "www-authenticate": 'Bearer realm="ev-api", error="invalid_token"',
  });
}

/** The form of each name that stands in a path. */
export const pathForms: Readonly<Record<string, { pattern: RegExp; text: string }>> = {
  ":cp_id": { pattern: idPattern, text: "1 to 32 of A-Z a-z 0-9 and -" },
  ":driver_id": { pattern: idPattern, text: "1 to 32 of A-Z a-z 0-9 and -" },
  ":session_id": { pattern: sidPattern, text: "S-<charging point>-<16 hex digits>" },
  ":request_id": { pattern: sidPattern, text: "S-<charging point>-<16 hex digits>" },
  ":operation_id": { pattern: operationIdPattern, text: "O-<26 hex digits>" },
  ":cdr_id": {
    pattern: /^CDR-[A-Za-z0-9-]{1,32}-[0-9a-f]{16}$/,
    text: "CDR-<charging point>-<16 hex digits>",
  },
  ":letter_ref": { pattern: /^[A-Za-z0-9_-]{1,350}$/, text: "the ref of a dead letter" },
  ":alert_id": { pattern: /^A-[0-9a-f]{16}$/, text: "A-<16 hex digits>" },
  ":review_id": { pattern: /^(S|orphan)-[A-Za-z0-9-]{1,150}$/, text: "a session's id or orphan-…" },
};

function checkPath(route: string, path: string, caller: Caller | undefined): void {
  const given = path.split("/");
  route.split("/").forEach((name, i) => {
    const form = pathForms[name];
    const value = given[i] ?? "";
    if (form && !form.pattern.test(value))
      throw new Problem(400, `${name.slice(1)} in the path is not ${form.text}`);
    if (name === ":driver_id" && value !== caller?.sub) throw new Problem(404, "no such driver");
  });
}
