// Every refusal over HTTP as problem details (RFC 9457). Routes throw them; one place answers them.
import { STATUS_CODES } from "node:http";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { redact } from "../../wire/process/redact.rules.ts";

/** `detail` is for the caller: what is wrong and what would be right, never the inside of this process. */
export class Problem extends Error {
  readonly status: ContentfulStatusCode;
  readonly headers: Record<string, string>;

  constructor(status: ContentfulStatusCode, detail: string, headers: Record<string, string> = {}) {
    super(detail);
    this.status = status;
    this.headers = headers;
  }
}

export const problemHeaders = {
  "content-type": "application/problem+json",
  "cache-control": "no-store",
} as const;

/** The body of a refusal, whoever sends it. `instance`: the path that was asked for. */
export function problemBody(status: number, detail: string, instance: string): string {
  return JSON.stringify({
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Error",
    status,
    // What a caller put in a wrong place is not said back to him: refusals are shown, copied and kept.
    detail: redact(detail),
    instance: redact(instance),
  });
}

export function problemResponse(c: Context, { status, message, headers }: Problem): Response {
  return c.body(problemBody(status, message, c.req.path), status, { ...problemHeaders, ...headers });
}
