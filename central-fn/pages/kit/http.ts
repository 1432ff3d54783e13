// The client over the browser's fetch, with the token of this tab.
import { openClient, type Reply, refusalOf, type Sent } from "../../client/client.ts";
import { forgetToken, token } from "./token.ts";

export { type Address, type Answer, addressOf, type Order, orderOf } from "../../client/client.ts";

export const { read, order } = openClient(async ({ method, path, headers, body, withinMs, signal }: Sent) => {
  const inTime = AbortSignal.timeout(withinMs);
  const sent = token.value;
  const response = await fetch(path, {
    method,
    // The versions are kept here, where an unchanged answer costs nothing; the browser's store would parse it anew.
    cache: "no-store",
    signal: signal ? AbortSignal.any([signal, inTime]) : inTime,
    headers: { ...bearer(sent), ...headers },
    ...(body !== undefined && { body }),
  });
  return replyOf(response, sent);
});

function bearer(sent: string | null): Record<string, string> {
  return sent === null ? {} : { authorization: `Bearer ${sent}` };
}

function replyOf(response: Response, sent: string | null): Reply {
  // Said of the token that was sent; the tab may have another by now.
  if (response.status === 401 && sent !== null && sent === token.value) forgetToken();
  return {
    status: response.status,
    header: (name) => response.headers.get(name),
    json: () => response.json(),
  };
}

/** For an Idempotency-Key: made once per wish, and sent again with each attempt at it. */
export function freshKey(): string {
  return crypto.randomUUID();
}

/** Saves what `path` gives as a file, under the name that the server says. Resolves with what went wrong, if anything. */
export async function download(path: string, name: string): Promise<string | undefined> {
  try {
    const sent = token.value;
    const response = await fetch(path, { headers: bearer(sent) });
    if (!response.ok) return (await refusalOf(replyOf(response, sent))).detail;
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
