// The phone's line to Central: one base URL, one bearer token, kept-alive connections.
import { Agent, type IncomingMessage, request } from "node:http";
import type { Transport } from "../../central-fn/client/client.ts";

export interface CentralRequest {
  method: string;
  /** With query, as in `/charging-points?city=Valencia`. */
  path: string;
  headers?: Record<string, string>;
  body?: Buffer | string | undefined;
  /** Its answer goes on for ever: it gets a connection of its own. */
  lasting?: boolean;
}

export interface CentralClient {
  /** The answer as it streams in. Rejects when Central cannot be reached or stays silent for `silenceMs`. */
  send(request: CentralRequest): Promise<IncomingMessage>;
  /** For a client of the API: whole answers. */
  transport: Transport;
  close(): void;
}

/** An event stream says something at least every 16 s. */
const lastingSilenceMs = 30_000;
const longestAnswerBytes = 4_000_000;

/** `token` is asked for at each request, so that a renewed one takes effect. */
export async function openCentral(
  baseUrl: string,
  token: () => string,
  silenceMs = 10_000,
): Promise<CentralClient> {
  const base = new URL(baseUrl);
  // TLS costs a phone several MB: loaded only for a Central that speaks it.
  const line = base.protocol === "https:" ? await import("node:https") : { Agent, request };
  const agent = new line.Agent({ keepAlive: true, maxSockets: 16 });
  const root = base.pathname.replace(/\/$/, "");

  const send = ({ method, path, headers, body, lasting }: CentralRequest): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const sending = line.request(
        {
          agent: lasting ? false : agent,
          method,
          protocol: base.protocol,
          hostname: base.hostname,
          port: base.port,
          path: `${root}${path}`,
          headers: {
            ...headers,
            authorization: `Bearer ${token()}`,
            ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
          },
        },
        resolve,
      );
      const patienceMs = lasting ? Math.max(silenceMs, lastingSilenceMs) : silenceMs;
      sending.setTimeout(patienceMs, () =>
        sending.destroy(new Error(`no answer within ${patienceMs / 1000} s`)),
      );
      sending.once("error", reject);
      sending.end(body);
    });

  return {
    send,
    async transport({ method, path, headers, body }) {
      const answer = await send({ method, path, headers, body });
      const text = await textOf(answer);
      return {
        status: answer.statusCode ?? 0,
        header: (name) => [answer.headers[name]].flat()[0],
        json: async () => JSON.parse(text),
      };
    },
    close: () => agent.destroy(),
  };
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer) {
    const bytes: Buffer = chunk;
    size += bytes.length;
    if (size > longestAnswerBytes) throw new Error("Central's answer is too long");
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}
