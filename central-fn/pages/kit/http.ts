// One question to the server and its answer as a value: refused and unreachable are answers too.
import { forgetToken, token } from "./token.ts";

export type Answer<T> =
  | { is: "ok"; status: number; body: T; etag: string | undefined; next: string | undefined }
  /** As it was when `etag` was given out. */
  | { is: "same" }
  /** `detail` is the server's word, made for people. */
  | { is: "refused"; status: number; detail: string }
  /** No connection, no answer in time, or a server that is just not there (502 to 504). */
  | { is: "unreachable"; detail: string };

export interface Asked {
  method?: "GET" | "POST" | "PUT" | "DELETE";
  json?: unknown;
  headers?: Record<string, string>;
  /** Known version: the answer is `same` while it holds. */
  etag?: string | undefined;
  withinMs?: number;
  signal?: AbortSignal;
}

/**
 * The body's type is what the route declares: the page is of the same release as the server, whose tests hold every
 * answer to its declaration.
 */
export async function ask<T>(path: string, asked: Asked = {}): Promise<Answer<T>> {
  const { method = "GET", json, etag, withinMs = 10_000, signal } = asked;
  const inTime = AbortSignal.timeout(withinMs);
  const sent = token.value;
  try {
    const response = await fetch(path, {
      method,
      // The versions are kept here, where an unchanged answer costs nothing; the browser's store would parse it anew.
      cache: "no-store",
      signal: signal ? AbortSignal.any([signal, inTime]) : inTime,
      headers: {
        ...(sent !== null && { authorization: `Bearer ${sent}` }),
        ...(etag !== undefined && { "if-none-match": etag }),
        ...(json !== undefined && { "content-type": "application/json" }),
        ...asked.headers,
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    });
    if (response.status === 304) return { is: "same" };
    if (!response.ok) return await refusalOf(response, sent);
    const body = (response.status === 204 ? null : await response.json()) as T;
    const version = response.headers.get("etag") ?? undefined;
    return { is: "ok", status: response.status, body, etag: version, next: nextOf(response) };
  } catch (error) {
    // A TypeError of fetch: no connection. Aborted: too late. A SyntaxError: the answer was cut off.
    return { is: "unreachable", detail: error instanceof Error ? error.message : String(error) };
  }
}

async function refusalOf<T>(response: Response, sent: string | null): Promise<Answer<T>> {
  // Said of the token that was sent; the tab may have another by now.
  if (response.status === 401 && sent !== null && sent === token.value) forgetToken();
  const problem: unknown = response.headers.get("content-type")?.includes("json")
    ? await response.json()
    : undefined;
  const detail =
    typeof problem === "object" && problem !== null && "detail" in problem
      ? String(problem.detail)
      : `the server answers ${response.status}`;
  if (response.status >= 502 && response.status <= 504) return { is: "unreachable", detail };
  return { is: "refused", status: response.status, detail };
}

/** The next page's address in the Link header (RFC 8288). */
function nextOf(response: Response): string | undefined {
  return /<([^>]+)>\s*;\s*rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
}

/** For an Idempotency-Key: made once per wish, and sent again with each attempt at it. */
export function freshKey(): string {
  return crypto.randomUUID();
}

/** Saves what `path` gives as a file, under the name that the server says. Resolves with what went wrong, if anything. */
export async function download(path: string, name: string): Promise<string | undefined> {
  try {
    const response = await fetch(path, {
      headers: token.value === null ? {} : { authorization: `Bearer ${token.value}` },
    });
    if (!response.ok) {
      const refused = await refusalOf(response, token.value);
      return "detail" in refused ? refused.detail : String(response.status);
    }
    const named = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1];
    const address = URL.createObjectURL(await response.blob());
    const link = document.createElement("a");
    link.href = address;
    link.download = named ?? name;
    link.click();
    URL.revokeObjectURL(address);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
