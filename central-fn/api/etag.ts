// Answers that a poller need not fetch twice.
import { createHash } from "node:crypto";
import type { Context, TypedResponse } from "hono";

export function etagOf(bytes: Uint8Array | string): string {
  return `"${createHash("sha1").update(bytes).digest("base64url")}"`;
}

/** `body`, the JSON of a `T`, or 304 when the caller has it. */
export function answerWithEtag<T>(
  c: Context,
  body: Uint8Array<ArrayBuffer> | string,
  etag: string,
): TypedResponse<T, 200, "json"> {
  return answer(c, body, etag) as unknown as TypedResponse<T, 200, "json">;
}

/** `value` as JSON with its ETag, or 304: for polled routes, whose answer need not be read again to be tagged. */
export function polledJson<T>(c: Context, value: T): TypedResponse<T, 200, "json"> {
  const body = JSON.stringify(value);
  return answerWithEtag<T>(c, body, etagOf(body));
}

function answer(c: Context, body: Uint8Array<ArrayBuffer> | string, etag: string): Response {
  const headers = { etag, "cache-control": "no-cache", vary: "authorization" };
  const known = c.req.header("if-none-match")?.split(",");
  if (known?.some((tag) => tag.trim().replace(/^W\//, "") === etag)) return c.body(null, 304, headers);
  return c.body(body, 200, { "content-type": "application/json", ...headers });
}

/** A finished JSON answer with its ETag, or 304; one that carries an ETag already, or is no success, stays as it is. */
export async function withEtag(c: Context, response: Response): Promise<Response> {
  if (response.status !== 200 || response.headers.has("etag")) return response;
  const body = new Uint8Array(await response.clone().arrayBuffer());
  const tagged = answer(c, body, etagOf(body));
  const link = response.headers.get("link");
  if (link) tagged.headers.set("link", link);
  return tagged;
}
