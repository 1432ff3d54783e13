// The phone's own port: the driver app, what the phone tells of itself, and the driver API passed on to Central.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { BuiltPage } from "../../central-fn/pages/built-pages.ts";
import { errorText, type Log } from "../../wire/process/log.ts";
import type { CentralClient } from "./central-client.ts";
import { passOn } from "./phone-pass-on.ts";
import { problem } from "./phone-problem.ts";
import { answerForSelf, type PhoneSelf } from "./phone-self.ts";
import { refusalOf } from "./same-site.rules.ts";

export interface PhoneServerOptions {
  host: string;
  port: number;
  central: CentralClient;
  log: Log;
  self: PhoneSelf;
  /** The driver app, read when it is first asked for; undefined: the phone was started without it. */
  page: (() => BuiltPage) | undefined;
}

/** Everything comes from this port, nothing is inline. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** A page that is slow with its request holds a socket for so long. */
const patience = { headersTimeout: 5_000, requestTimeout: 15_000, connectionsCheckingInterval: 1_000 };

/** Listens; the returned server's `address()` names the port. Rejects when the port is taken. */
export async function servePhone(options: PhoneServerOptions): Promise<Server> {
  const server = createServer(patience, (request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      // A page that is closed in mid-answer is no news.
      if (!response.destroyed) options.log.warn(`${request.method} ${request.url}: ${errorText(error)}`);
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
  if (/^\/(charging-points|drivers)([/?]|$)/.test(path)) return passOn(options, path, request, response);
  const reads = request.method === "GET" || request.method === "HEAD";
  if (reads && sendFile(options.page, path, request, response)) return;
  if (await answerForSelf(options.self, path, request, response)) return;
  return problem(response, 404, "Not Found", `this phone has no page ${path.slice(0, 200)}`);
}

/** False: the app has no such file. */
function sendFile(
  page: PhoneServerOptions["page"],
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const [name = "/"] = path.split("?");
  if (name !== "/" && name !== "/sw.js" && !name.startsWith("/app/")) return false;
  if (!page) {
    problem(response, 404, "Not Found", "this phone was started without its page");
    return true;
  }
  const encodings = request.headers["accept-encoding"];
  const file = page().answer({
    path: name,
    ifNoneMatch: request.headers["if-none-match"],
    acceptEncoding: typeof encodings === "string" ? encodings : undefined,
  });
  if (!file) return false;
  response.writeHead(file.status, {
    ...file.headers,
    "content-security-policy": pagePolicy,
    "referrer-policy": "no-referrer",
  });
  response.end(file.body);
  return true;
}
