// Headers of a request that many routes understand.
import type { Context } from "hono";
import { Problem } from "./problem.ts";

const longestWaitS = 10;

/** Undefined without one; 400 when it is not 1 to 128 visible ASCII characters. */
export function idempotencyKey(c: Context): string | undefined {
  const key = c.req.header("idempotency-key");
  if (key !== undefined && !/^[\x21-\x7e]{1,128}$/.test(key))
    throw new Problem(400, "Idempotency-Key is 1 to 128 visible ASCII characters");
  return key;
}

/** Seconds of `Prefer: wait=N` (RFC 7240), at most 10; 0 without. */
export function waitSeconds(c: Context): number {
  const wait = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,4})"?/i.exec(c.req.header("prefer") ?? "")?.[1];
  return Math.min(Number(wait ?? 0), longestWaitS);
}
