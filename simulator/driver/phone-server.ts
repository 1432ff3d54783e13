// The phone's own port: its page, and the driver API passed on to Central with the phone's token.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { errorText, type Log } from "../../wire/process/log.ts";
import type { CentralClient } from "./central-client.ts";
import { phonePage, phoneScript, phoneStyle } from "./phone-page.ts";
import { refusalOf } from "./same-site.rules.ts";

export interface PhoneServerOptions {
  host: string;
  port: number;
  driver: string;
  central: CentralClient;
  log: Log;
}

const longestBodyBytes = 65_536;
/** Headers of the caller that mean something to Central. Its own authorization is the phone's, not the caller's. */
const passedOn = ["accept", "content-type", "idempotency-key", "prefer", "if-none-match", "last-event-id"];
const handedBack = [
  "content-type",
  "location",
  "link",
  "etag",
  "cache-control",
  "retry-after",
  "preference-applied",
  // A page of Central's (a receipt) keeps the rules that it was sent with.
  "content-security-policy",
  "x-content-type-options",
];

/** Listens; the returned server's `address()` names the port. Rejects when the port is taken. */
export async function servePhone(options: PhoneServerOptions): Promise<Server> {
  const server = createServer((request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      options.log.warn(`${request.method} ${request.url}: ${errorText(error)}`);
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  return server;
}

async function answer(
  options: PhoneServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refusal = refusalOf(request.headers, options.host);
  if (refusal) return problem(response, 403, "Forbidden", refusal);
  const path = request.url ?? "/";
  const asset = assetAt(path, options.driver);
  if (asset && request.method === "GET") return send(response, asset.type, asset.content);
  if (/^\/(charging-points|drivers)([/?]|$)/.test(path)) return passOn(options, path, request, response);
  return problem(response, 404, "Not Found", `this phone has no page ${path.slice(0, 200)}`);
}

function assetAt(path: string, driver: string): { type: string; content: string } | undefined {
  switch (path) {
    case "/":
      return { type: "text/html; charset=utf-8", content: phonePage(driver) };
    case "/phone.js":
      return { type: "text/javascript; charset=utf-8", content: phoneScript };
    case "/phone.css":
      return { type: "text/css; charset=utf-8", content: phoneStyle };
    default:
      return undefined;
  }
}

async function passOn(
  { central, log }: PhoneServerOptions,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request);
  if (body === undefined)
    return problem(response, 413, "Content Too Large", `a request body ends at ${longestBodyBytes} bytes`);
  const headers: Record<string, string> = {};
  for (const name of passedOn) {
    const value = request.headers[name];
    if (typeof value === "string") headers[name] = value;
  }
  let from: IncomingMessage;
  try {
    const method = request.method ?? "GET";
    from = await central.send({ method, path, headers, body: body.length > 0 ? body : undefined });
  } catch (error) {
    log.debug(`${request.method} ${path}: ${errorText(error)}`);
    return problem(
      response,
      502,
      "Bad Gateway",
      "Central cannot be reached now; running sessions go on without it",
    );
  }
  for (const name of handedBack) {
    const value = from.headers[name];
    if (value !== undefined) response.setHeader(name, value);
  }
  response.statusCode = from.statusCode ?? 502;
  await pipeline(from, response);
}

/** Undefined when it is too long. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes: Buffer = chunk;
    size += bytes.length;
    if (size <= longestBodyBytes) chunks.push(bytes);
  }
  return size > longestBodyBytes ? undefined : Buffer.concat(chunks);
}

function send(response: ServerResponse, type: string, content: string): void {
  response.writeHead(200, {
    "content-type": type,
    "content-security-policy":
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
  });
  response.end(content);
}

/** RFC 9457 problem details. */
function problem(response: ServerResponse, status: number, title: string, detail: string): void {
  response.writeHead(status, { "content-type": "application/problem+json" });
  response.end(JSON.stringify({ type: "about:blank", title, status, detail }));
}
