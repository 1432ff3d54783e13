// A route's declaration, beside its handler: what it takes, what it answers, in words and schemas. What it takes is
// checked before the handler sees it; a document of the whole API is made from the same declarations.
//
//   .get("/cp/:cp_id/faults", route({ summary: "…", query: Page, answers: { 200: z.array(Fault) } }), async (c) => {
//     const { limit } = c.req.valid("query");
//     …
//   })
//
// Who may call it stands in access.ts alone, so that one page tells that of all routes.
import type { MiddlewareHandler } from "hono";
import type * as z from "zod";
import { type Access, type ApiEnv, access } from "./access.ts";
import { bodyOf, query } from "./body.ts";
import { withEtag } from "./etag.ts";
import { idempotencyKey } from "./request-headers.ts";

/** A body that is no JSON, by its media type. */
export interface Media {
  media: string;
  /** What a stream of events carries, by the events' names. */
  events?: Readonly<Record<string, z.ZodType>>;
}

/** JSON of this schema, another medium, or no body (null). */
export type Answer = z.ZodType | Media | null;

export interface Declaration {
  /** A phrase that begins with a verb: "Lists the faults of a charge point, newest first". */
  summary: string;
  /** What else a caller must know: order, defaults, what 202 means here. */
  detail?: string;
  /** Query parameters: an object of schemas that take text. Read them with `c.req.valid("query")`. */
  query?: z.ZodType;
  /** JSON body. Read it with `c.req.valid("json")`. */
  json?: z.ZodType;
  /** By status: successes, and what is told in another form than a problem. */
  answers: Readonly<Record<number, Answer>>;
  /** Refusals of this route beside those that follow from its form: 409, 422 … */
  problems?: readonly number[];
  /** A list in pages: the next one by `Link: <…>; rel="next"`. */
  paged?: true;
  /** Polled: answers carry an ETag, and 304 to whoever knows it. */
  polled?: true;
  /** Takes an Idempotency-Key: a repeat is the same request. */
  idempotent?: true;
  /** Takes `Prefer: wait=N`: the answer comes with the decision, or after N seconds. */
  waits?: true;
  /** Which of the caller's budgets a call is taken from (rate-limit.ts). Default: a GET reads, anything else orders. */
  cost?: Cost;
}

/** free: a probe, never refused. */
export type Cost = "free" | "read" | "order" | "start";

/** All keys optional: then the caller may leave the whole of it out. */
type Maybe<Name extends string, T> =
  Record<never, never> extends T ? { [name in Name]?: T } : { [name in Name]: T };
type QueryText<Q> = { [name in keyof Q]: Q[name] extends boolean | string | undefined ? Q[name] : string };
type In<D> = (D extends { query: infer Q extends z.ZodType }
  ? Maybe<"query", QueryText<z.input<Q>>>
  : object) &
  (D extends { json: infer J extends z.ZodType } ? { json: z.input<J> } : object);
type Out<D> = (D extends { query: infer Q extends z.ZodType } ? { query: z.output<Q> } : object) &
  (D extends { json: infer J extends z.ZodType } ? { json: z.output<J> } : object);

const declarations = new WeakMap<object, Declaration>();

/** The middleware that holds a route to its declaration; it stands directly after the path. */
export function route<const D extends Declaration>(
  declaration: D,
): MiddlewareHandler<ApiEnv, string, { in: In<D>; out: Out<D> }> {
  const { query: querySchema, json, polled, idempotent } = declaration as Declaration;
  const middleware: MiddlewareHandler<ApiEnv> = async (c, next) => {
    if (idempotent) idempotencyKey(c);
    if (querySchema) c.req.addValidatedData("query", query(c, querySchema));
    if (json) c.req.addValidatedData("json", await bodyOf(c, json));
    await next();
    if (polled) {
      const tagged = await withEtag(c, c.res);
      // Set again, even the same answer would be copied with its whole body.
      if (tagged !== c.res) c.res = tagged;
    }
    // What is not made for polling is kept by nobody on the way, nor is "nothing is there": most of it is somebody's.
    if (!c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "no-store");
  };
  declarations.set(middleware, declaration);
  return middleware as MiddlewareHandler<ApiEnv, string, { in: In<D>; out: Out<D> }>;
}

export interface DescribedRoute extends Declaration {
  method: string;
  /** As Hono writes it: /cp/:cp_id. */
  path: string;
  access: Access;
  cost: Cost;
}

/** What a call of this route costs, from its declaration or its method. */
export function costOf({ method, handler }: { method: string; handler: object }): Cost {
  const usual = method === "GET" || method === "HEAD" ? "read" : "order";
  return declarations.get(handler)?.cost ?? usual;
}

/** Every declared route of an application, in the order in which it was mounted. */
export function describedRoutes(app: {
  routes: readonly { method: string; path: string; handler: object }[];
}): DescribedRoute[] {
  return app.routes.flatMap(({ method, path, handler }) => {
    const declaration = declarations.get(handler);
    const who = access[`${method} ${path}`];
    const cost = costOf({ method, handler });
    return declaration && who ? [{ ...declaration, method, path, access: who, cost }] : [];
  });
}
