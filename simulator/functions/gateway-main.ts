// ev-central where Central runs as functions: takes requests at Central's port and hands each to one of the API
// processes in turn; one that is not there, or that dies before it has answered, is passed over.
//
// 1. A request that may already have had an effect is given to the next one only when it is one that may be repeated:
//    GET, or any with an Idempotency-Key. Else the client hears 502.
import { request as ask, createServer, type IncomingMessage, type ServerResponse } from "node:http";
import * as z from "zod";
import { problemBody, problemHeaders } from "../../central-fn/api/problem.ts";
import { port, readEnvironment } from "../../wire/process/environment.ts";
import { endWith } from "../../wire/process/lifetime.ts";
import { errorText, openLog } from "../../wire/process/log.ts";

const env = readEnvironment(
  z.object({
    HTTP_HOST: z.string().min(1).default("127.0.0.1"),
    HTTP_PORT: port,
    /** Ports on loopback, comma between. */
    API_PORTS: z.string().transform((text) => text.split(",").map((word) => port.parse(word))),
  }),
);
const log = openLog("Central");
const bodyBytes = 1_000_000;
const silentMs = 30_000;
let turn = 0;

const server = createServer((incoming, outgoing) => {
  void bodyOf(incoming).then(
    (body) => serve(incoming, outgoing, body),
    () => incoming.destroy(),
  );
});
server.listen(env.HTTP_PORT, env.HTTP_HOST, () =>
  log.info(`started successfully, http://${env.HTTP_HOST}:${env.HTTP_PORT} for ${env.API_PORTS.join(", ")}`),
);
endWith(log, async () => {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
});

async function serve(incoming: IncomingMessage, outgoing: ServerResponse, body: Buffer): Promise<void> {
  const first = turn++;
  const mayRepeat = incoming.method === "GET" || incoming.headers["idempotency-key"] !== undefined;
  for (let i = 0; i < env.API_PORTS.length; i++) {
    const at = env.API_PORTS[(first + i) % env.API_PORTS.length] ?? 0;
    const outcome = await pass(incoming, outgoing, body, at);
    if (outcome === "answered" || outgoing.headersSent) return;
    if (outcome === "broken" && !mayRepeat) break;
  }
  outgoing.writeHead(502, problemHeaders);
  outgoing.end(problemBody(502, "no API process answered", incoming.url?.split("?")[0] ?? "/"));
}

/** `absent`: it never heard of the request. `broken`: it may have. */
function pass(
  { method, url, headers }: IncomingMessage,
  outgoing: ServerResponse,
  body: Buffer,
  at: number,
): Promise<"answered" | "absent" | "broken"> {
  return new Promise((resolve) => {
    const upstream = ask({
      host: "127.0.0.1",
      port: at,
      method,
      path: url,
      headers,
      agent: false,
      timeout: silentMs,
    });
    upstream.once("response", (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
      answer.once("close", () => {
        if (!answer.complete) outgoing.destroy();
        resolve("answered");
      });
    });
    upstream.once("timeout", () => upstream.destroy(new Error("silent")));
    upstream.once("error", (error) => {
      log.debug(`API at ${at}: ${errorText(error)}`);
      resolve("code" in error && error.code === "ECONNREFUSED" ? "absent" : "broken");
    });
    upstream.end(body);
  });
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > bodyBytes) throw new Error("too long");
    parts.push(part);
  }
  return Buffer.concat(parts);
}
