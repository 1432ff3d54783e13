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

export function problemResponse(c: Context, { status, message, headers }: Problem): Response {
  const body = {
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Error",
    status,
    // What a caller put in a wrong place is not said back to him: refusals are shown, copied and kept.
    detail: redact(message),
    instance: redact(c.req.path),
  };
  return c.body(JSON.stringify(body), status, {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    ...headers,
  });
}
