// A client of Central: one question and its answer as a value; refused and unreachable are answers too. Pages, phones and
// tools share it; how bytes travel is theirs to say.
//
// Bodies are not validated again: a client is of the same release as its server, whose tests hold every answer to its
// declaration.
import type { Address, Order } from "./calls.ts";

export { type Address, addressOf, type BodyOf, type Order, orderOf, type PathOf } from "./calls.ts";

export type Answer<T> =
  | { is: "ok"; status: number; body: T; etag: string | undefined; next: Address<T> | undefined }
  /** As it was when `etag` was given out. */
  | { is: "same" }
  /** `detail` is the server's word, made for people. */
  | { is: "refused"; status: number; detail: string; retryAfterMs?: number | undefined }
  /** No connection, no answer in time, or a server that is just not there (502 to 504). */
  | { is: "unreachable"; detail: string; retryAfterMs?: number | undefined };

export interface Sent {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
  withinMs: number;
  signal: AbortSignal | undefined;
}

export interface Reply {
  status: number;
  header(name: string): string | null | undefined;
  /** Rejects when it is no JSON, or was cut off. */
  json(): Promise<unknown>;
}

/** Rejects when there is no connection, or no answer within `withinMs`. */
export type Transport = (sent: Sent) => Promise<Reply>;

export interface Reading {
  /** Known version: the answer is `same` while it holds. */
  etag?: string | undefined;
  withinMs?: number;
  signal?: AbortSignal;
}

export interface Ordering {
  /** Idempotency-Key: one per wish, and sent again with each attempt at it. */
  key?: string;
  /** Seconds to wait for the decision. */
  waitS?: number | undefined;
  withinMs?: number;
}

export interface Client {
  read<T>(address: Address<T>, how?: Reading): Promise<Answer<T>>;
  order<T>(order: Order<T>, how?: Ordering): Promise<Answer<T>>;
}

const patienceMs = 10_000;

export function openClient(send: Transport): Client {
  return {
    read: <T>(path: Address<T>, { etag, withinMs = patienceMs, signal }: Reading = {}) =>
      ask<T>(send, {
        method: "GET",
        path,
        headers: etag === undefined ? {} : { "if-none-match": etag },
        body: undefined,
        withinMs,
        signal,
      }),
    order: <T>({ method, path, json }: Order<T>, how: Ordering = {}) => {
      const { key, waitS, withinMs = patienceMs + (waitS ?? 0) * 1_000 } = how;
      return ask<T>(send, {
        method,
        path,
        headers: {
          ...(json !== undefined && { "content-type": "application/json" }),
          ...(key !== undefined && { "idempotency-key": key }),
          ...(waitS !== undefined && waitS > 0 && { prefer: `wait=${waitS}` }),
        },
        body: json === undefined ? undefined : JSON.stringify(json),
        withinMs,
        signal: undefined,
      });
    },
  };
}

async function ask<T>(send: Transport, sent: Sent): Promise<Answer<T>> {
  try {
    const reply = await send(sent);
    const { status } = reply;
    if (status === 304) return { is: "same" };
    if (status < 200 || status > 299) return await refusalOf(reply);
    const body = (status === 204 ? null : await reply.json()) as T;
    return { is: "ok", status, body, etag: reply.header("etag") ?? undefined, next: nextOf<T>(reply) };
  } catch (error) {
    // No connection, too late, or an answer that was cut off.
    const detail = error instanceof Error ? error.message : String(error);
    return { is: "unreachable", detail };
  }
}

/** Problem details (RFC 9457) as a value. */
export async function refusalOf(
  reply: Reply,
): Promise<Extract<Answer<never>, { is: "refused" | "unreachable" }>> {
  const { status } = reply;
  const problem: unknown = reply.header("content-type")?.includes("json") ? await reply.json() : undefined;
  const detail =
    typeof problem === "object" && problem !== null && "detail" in problem
      ? String(problem.detail)
      : `the server answers ${status}`;
  const seconds = /^\d{1,6}$/.exec(reply.header("retry-after") ?? "")?.[0];
  const retryAfterMs = seconds === undefined ? undefined : Number(seconds) * 1_000;
  if (status >= 502 && status <= 504) return { is: "unreachable", detail, retryAfterMs };
  return { is: "refused", status, detail, retryAfterMs };
}

/** The next page's address in the Link header (RFC 8288). */
function nextOf<T>(reply: Reply): Address<T> | undefined {
  return /<([^>]+)>\s*;\s*rel="next"/.exec(reply.header("link") ?? "")?.[1] as Address<T> | undefined;
}
