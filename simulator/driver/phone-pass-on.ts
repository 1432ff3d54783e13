// The driver API as a phone's port gives it: passed on to Central with the phone's own token, answers as they come.
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { errorText, type Log } from "../../wire/process/log.ts";
import type { CentralClient } from "./central-client.ts";
import { problem } from "./phone-problem.ts";

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

/** Reads at most `longestBodyBytes` of the caller; rejects when either side breaks off in mid-answer. */
export async function passOn(
  { central, log }: { central: CentralClient; log: Log },
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
    // An event stream lasts: it must not take a connection from those that are shared.
    const lasting = headers.accept === "text/event-stream";
    from = await central.send({
      method,
      path,
      headers,
      body: body.length > 0 ? body : undefined,
      ...(lasting && { lasting }),
    });
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
export async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes: Buffer = chunk;
    size += bytes.length;
    if (size <= longestBodyBytes) chunks.push(bytes);
  }
  return size > longestBodyBytes ? undefined : Buffer.concat(chunks);
}
