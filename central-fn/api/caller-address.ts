// From which address a call comes, for callers that have no name.
//
// X-Forwarded-For is anybody's word: it is read only as far as the proxies go that are known to stand in front.
import type { IncomingMessage } from "node:http";
import { isIPv6 } from "node:net";
import type { Context } from "hono";

/** What a server on one machine, or an API gateway, puts beside a request. */
interface Connection {
  incoming?: IncomingMessage;
  event?: { requestContext?: { http?: { sourceIp?: string }; identity?: { sourceIp?: string } } };
}

/** `proxyHops` proxies stand in front of this process, each of which appends whom it was called by. */
export function callerAddress(c: Context, proxyHops: number): string {
  const { incoming, event } = (c.env ?? {}) as Connection;
  const { http, identity } = event?.requestContext ?? {};
  const peer = http?.sourceIp ?? identity?.sourceIp ?? incoming?.socket?.remoteAddress;
  const forwarded = proxyHops === 0 ? undefined : c.req.header("x-forwarded-for")?.split(",");
  return addressOf(forwarded?.at(-proxyHops)?.trim() || peer || "unknown");
}

/** One caller's addresses as one: of IPv6 the network, for a host has 2^64 addresses of its own. */
export function addressOf(text: string): string {
  const [plain = ""] = text.replace(/^::ffff:(?=\d+\.)/i, "").split("%");
  if (!isIPv6(plain)) return plain.slice(0, 64);
  const [head = "", tail] = plain.toLowerCase().split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array.from({ length: zeros }, () => "0"), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
