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

function answer(c: Context, body: Uint8Array<ArrayBuffer> | string, etag: string): Response {
  const headers = { etag, "cache-control": "no-cache", vary: "authorization" };
  const known = c.req.header("if-none-match")?.split(",");
  if (known?.some((tag) => tag.trim().replace(/^W\//, "") === etag)) return c.body(null, 304, headers);
  return c.body(body, 200, { "content-type": "application/json", ...headers });
}
