// The application on a port of this machine.
import { STATUS_CODES } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { createAdaptorServer } from "@hono/node-server";
import type { Log } from "../../wire/process/log.ts";
import { problemBody, problemHeaders } from "./problem.ts";

export interface ServeOptions {
  host: string;
  /** 0: any free one. */
  port: number;
  log: Log;
  /** For a request's headers; three times as long for all of it. Default 5 s. */
  headersWithinMs?: number;
  /**
   * A socket on which nothing moves for so long is cut: one that takes no answer, too. Default 30 s, more than the
   * pause between two heartbeats of an event stream.
   */
  silentMs?: number;
  /** Open at once; one more is closed as it comes. Default 4,096. */
  sockets?: number;
}

export interface HttpServer {
  port: number;
  url: string;
  /** Ends when the answers under way are sent, after 2 s at most. */
  close(): Promise<void>;
}

const maxHeaderBytes = 16_384;

/** A client that is slow with its headers or body is cut off, so that it holds a socket and nothing more. */
const limits = (headersWithinMs: number) => ({
  headersTimeout: headersWithinMs,
  requestTimeout: 3 * headersWithinMs,
  // Node looks for those that are late only so often.
  connectionsCheckingInterval: Math.min(1_000, headersWithinMs),
  keepAliveTimeout: 65_000,
  maxHeaderSize: maxHeaderBytes,
});
const drainMs = 2_000;

/** Resolves when it listens. Rejects with one line that says what to do when the port cannot be had. */
export async function serveHttp(
  app: { fetch(request: Request, connection?: object): Response | Promise<Response> },
  { host, port, log, headersWithinMs = 5_000, silentMs = 30_000, sockets = 4_096 }: ServeOptions,
): Promise<HttpServer> {
  const server = createAdaptorServer({
    // With the connection: whom a limit per address counts, and what a client too slow is cut by.
    fetch: (request, connection) => app.fetch(request, connection),
    serverOptions: limits(headersWithinMs),
  });
  server.on("clientError", refuseClient);
  server.maxConnections = sockets;
  server.setTimeout(silentMs);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(new Error(portTrouble(error, host, port), { cause: error })));
    server.listen(port, host, resolve);
  });
  server.on("error", (error) => log.warn(`HTTP: ${error.message}`));
  const bound = (server.address() as AddressInfo).port;
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    port: bound,
    url: `http://${name}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        const cut = setTimeout(() => {
          if ("closeAllConnections" in server) server.closeAllConnections();
        }, drainMs);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        if ("closeIdleConnections" in server) server.closeIdleConnections();
      }),
  };
}

/** What never became a request is refused in the same words as what did. */
function refuseClient(error: NodeJS.ErrnoException, socket: Duplex): void {
  // Gone already: nobody is there to be told.
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const [status, detail] = notUnderstood[error.code ?? ""] ?? [400, "this is no HTTP request"];
  const body = problemBody(status, detail, "/");
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      ...Object.entries(problemHeaders).map((field) => field.join(": ")),
      `content-length: ${Buffer.byteLength(body)}`,
      "connection: close",
      "",
      body,
    ].join("\r\n"),
  );
}

const notUnderstood: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, `a request's headers end at ${maxHeaderBytes} bytes`],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "the request did not come in time"],
};

function portTrouble(error: Error, host: string, port: number): string {
  switch ("code" in error ? error.code : undefined) {
    case "EADDRINUSE":
      return `port ${port} on ${host} is taken: stop what listens there (ss -ltnp "sport = :${port}"), or choose another with HTTP_PORT or --port-offset N`;
    case "EACCES":
      return `port ${port} on ${host} may not be used by this user: choose one above 1023 with HTTP_PORT`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `${host} is no address of this machine: set HTTP_HOST to 127.0.0.1, 0.0.0.0 or one of its own`;
    default:
      return `cannot listen on ${host}:${port}: ${error.message}`;
  }
}
