// What may be asked of Central, and what comes back: the types of the routes' own declarations, so that a client that
// names a path, a parameter or a field that the server does not know is no program at all. Types alone: nothing of the
// server is loaded.
import type { ExtractSchema } from "hono/types";
import type { App } from "../api/app.ts";

type Routes = ExtractSchema<App>;
export type Method = "GET" | "POST" | "DELETE";
type Key<M extends Method> = `$${Lowercase<M>}`;

/** Paths that take this method, as declared: "/cp/:cp_id/faults". */
export type PathOf<M extends Method> = {
  [P in keyof Routes]: Key<M> extends keyof Routes[P] ? P : never;
}[keyof Routes] &
  string;

type Endpoint<M extends Method, P> = P extends keyof Routes
  ? Key<M> extends keyof Routes[P]
    ? Routes[P][Key<M>]
    : never
  : never;

/** The answer's JSON; null where it has none. */
export type BodyOf<M extends Method, P extends PathOf<M>> = BodyOfEndpoint<Endpoint<M, P>>;
type BodyOfEndpoint<E> = E extends { output: infer Body; outputFormat: "json" } ? Body : null;

type InputOf<M extends Method, P> = Endpoint<M, P> extends { input: infer I } ? I : never;
type Part<I, Name extends string> = I extends Record<Name, infer Value> ? Value : never;

/** Values of a query are text; names are the declared ones. */
type Query<Q> = { [name in keyof Q]: Q[name] | string | number };
type Given<I> = (I extends { param: infer Param } ? { param: Param } : object) &
  (I extends { json: unknown } ? { json: Part<I, "json"> } : object) &
  (I extends { query: infer Q }
    ? { query: Query<Q> }
    : I extends { query?: infer Q }
      ? { query?: Query<NonNullable<Q>> }
      : object);

/** What a call must say beside its path: the names in it, a body, a query. */
export type GivenTo<M extends Method, P extends PathOf<M>> = Given<InputOf<M, P>>;
/** Nothing to say: then nothing need be said. */
export type Rest<G> = Record<never, never> extends G ? [given?: G] : [given: G];

declare const answered: unique symbol;
/** Where to GET a `T`. */
export type Address<T> = string & { readonly [answered]: T };

/** A call that changes something; its answer is a `T`. */
export interface Order<T> {
  method: "POST" | "PUT" | "DELETE";
  path: string;
  json: unknown;
  readonly [answered]?: T;
}

export function addressOf<P extends PathOf<"GET">>(
  path: P,
  ...[given]: Rest<GivenTo<"GET", P>>
): Address<BodyOf<"GET", P>> {
  return filled(path, given) as Address<BodyOf<"GET", P>>;
}

export function orderOf<M extends Exclude<Method, "GET">, P extends PathOf<M>>(
  method: M,
  path: P,
  ...[given]: Rest<GivenTo<M, P>>
): Order<BodyOf<M, P>> {
  const { json } = (given ?? {}) as { json?: unknown };
  return { method, path: filled(path, given), json };
}

interface Filling {
  param?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, string | number | undefined>>;
}

function filled(path: string, given: object | undefined): string {
  const { param = {}, query = {} } = (given ?? {}) as Filling;
  const at = path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(param[name] ?? ""));
  const said = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return said.length === 0 ? at : `${at}?${new URLSearchParams(said)}`;
}
