// A request of this machine as the cloud's API gateway hands it to a function (payload format 2.0), and the function's
// answer as a response. Pure but for the reading of the body.
import * as z from "zod";

export interface GatewayEvent {
  version: "2.0";
  routeKey: "$default";
  rawPath: string;
  rawQueryString: string;
  cookies?: string[];
  headers: Record<string, string>;
  requestContext: Record<string, unknown>;
  body?: string;
  isBase64Encoded: boolean;
}

export async function gatewayEvent(request: Request, requestId: string): Promise<GatewayEvent> {
  const url = new URL(request.url);
  const headers = Object.fromEntries(request.headers);
  const body = Buffer.from(await request.arrayBuffer());
  const cookies = headers.cookie?.split(/; */);
  delete headers.cookie;
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    ...(cookies && { cookies }),
    headers,
    requestContext: {
      requestId,
      domainName: url.host,
      http: { method: request.method, path: url.pathname, sourceIp: "127.0.0.1" },
    },
    ...(body.length > 0 && { body: body.toString("base64") }),
    isBase64Encoded: body.length > 0,
  };
}

const Answer = z.object({
  statusCode: z.number().int(),
  headers: z.record(z.string(), z.string()).default({}),
  cookies: z.array(z.string()).default([]),
  body: z.string().default(""),
  isBase64Encoded: z.boolean().default(false),
});

/** Throws when the function answered what a gateway does not understand. */
export function responseOf(answered: unknown): Response {
  const { statusCode, headers, cookies, body, isBase64Encoded } = Answer.parse(answered);
  const fields = new Headers(headers);
  for (const cookie of cookies) fields.append("set-cookie", cookie);
  const isEmpty = statusCode === 204 || statusCode === 304;
  return new Response(isEmpty ? null : Buffer.from(body, isBase64Encoded ? "base64" : "utf8"), {
    status: statusCode,
    headers: fields,
  });
}
