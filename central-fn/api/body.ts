// A request's JSON body and query through a schema; a refusal says where and what.
import type { Context, MiddlewareHandler } from "hono";
import * as z from "zod";
import { issuesText } from "../../wire/messages/index.ts";
import type { ApiEnv } from "./access.ts";
import { Problem } from "./problem.ts";

export const maxBodyBytes = 65_536;

const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** A number in a query, written as in JSON: nothing at all, blanks and 0x10 are none, though `Number` takes them. */
export function numeral<S extends z.ZodType>(schema: S) {
  return z.preprocess(
    (text) => (typeof text === "string" && jsonNumber.test(text) ? Number(text) : text),
    schema,
  );
}

/** A query's `limit`. */
export const Count = numeral(z.number().int().min(1).max(1_000)).default(200);

/** Validated as `c.req.valid("json")`; 400 names the place in the text or the field. */
export function json<S extends z.ZodType>(
  schema: S,
): MiddlewareHandler<ApiEnv, string, { in: { json: z.input<S> }; out: { json: z.output<S> } }> {
  return async (c, next) => {
    c.req.addValidatedData("json", await bodyOf(c, schema));
    await next();
  };
}

/** The request's JSON body; an empty one is right where the schema takes nothing for something. */
export async function bodyOf<S extends z.ZodType>(c: Context, schema: S): Promise<object & z.output<S>> {
  const text = await c.req.text();
  const without = text === "" && schema.safeParse(undefined).success;
  return check(schema, without ? undefined : parse(text), "body");
}

/** The query's parameters; of a repeated one the first counts. */
export function query<S extends z.ZodType>(c: Context, schema: S): object & z.output<S> {
  return check(schema, c.req.query(), "query");
}

function parse(text: string): unknown {
  if (text.trim() === "") throw new Problem(400, "the body is empty, JSON is expected");
  try {
    return JSON.parse(text);
  } catch (error) {
    // The parser's own words show the place: position, or the text around it.
    throw new Problem(400, `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function check<S extends z.ZodType>(schema: S, value: unknown, what: string): object & z.output<S> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new Problem(400, `${what}: ${issuesText(parsed.error)}`);
  return parsed.data as object & z.output<S>;
}
