// The open event streams of this process: how many there may be, what a slow one costs, when each ends.
//
// 1. A stream ends with the token that opened it, and after an hour at the latest: its client comes back and is checked.
// 2. A client that takes too little loses its stream, not the others theirs; it comes back where it was.
import type { ServerResponse } from "node:http";
import type { Context } from "hono";
import { Problem } from "../problem.ts";
import type { Caller } from "../tokens.ts";
import { type Chunk, gzipHeader, heartbeat, retryChunk } from "./chunk.ts";

export interface Stream {
  send(chunk: Chunk): void;
  readonly isOpen: boolean;
}

export interface StreamLimits {
  /** Streams of this process. */
  streams: number;
  /** Streams of one user. */
  perUser: number;
  /** Bytes that wait for a client before it is cut off. */
  waitingBytes: number;
}

export const defaultLimits: StreamLimits = { streams: 2_000, perUser: 10, waitingBytes: 8 * 1024 * 1024 };

export interface Streams {
  /** 429 or 503 when there are too many; `leave` is called once, when the stream is over. */
  open(c: Context, caller: Caller, leave: () => void): { stream: Stream; response: Response };
  readonly size: number;
  /** Ends every stream. */
  close(): void;
}

const longestMs = 3_600_000;
const heartbeatMs = 8_000;
/** A frozen client does not take the end either: then its connection goes. */
const endWithinMs = 1_000;
/** Of every event stream, opened or asked for by HEAD. */
export const streamHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  // For proxies (nginx): pass on what there is.
  "x-accel-buffering": "no",
  vary: "accept-encoding, authorization, cookie",
};

export function openStreams(now: () => number, limits: StreamLimits = defaultLimits): Streams {
  const open = new Set<OpenStream>();
  const perUser = new Map<string, number>();
  const beat = setInterval(() => {
    for (const stream of open) stream.beat(now());
  }, heartbeatMs);
  beat.unref();
  return {
    get size() {
      return open.size;
    },
    open(c, caller, leave) {
      const user = `${caller.role} ${caller.sub}`;
      const own = perUser.get(user) ?? 0;
      if (own >= limits.perUser)
        throw new Problem(429, `${limits.perUser} event streams are open for you: close one`, {
          "retry-after": "10",
        });
      if (open.size >= limits.streams)
        throw new Problem(503, "this server has as many event streams as it takes; poll meanwhile", {
          "retry-after": "30",
        });
      perUser.set(user, own + 1);
      const packed = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?![.\d]))/i.test(c.req.header("accept-encoding") ?? "");
      const endsAtMs = Math.min(caller.expiresAtMs, now() + longestMs);
      // Undefined where the application is called without a connection.
      const connection = (c.env as { outgoing?: ServerResponse } | undefined)?.outgoing;
      const stream = new OpenStream(
        { packed, endsAtMs, connection, waitingBytes: limits.waitingBytes },
        () => {
          open.delete(stream);
          const left = (perUser.get(user) ?? 1) - 1;
          if (left === 0) perUser.delete(user);
          else perUser.set(user, left);
          leave();
        },
      );
      open.add(stream);
      // Spread, so that those who lost one server do not all come to the next at once.
      stream.send(retryChunk(1_000 + Math.floor(Math.random() * 2_000)));
      const response = new Response(stream.body, {
        headers: {
          ...streamHeaders,
          ...(packed && { "content-encoding": "gzip" }),
        },
      });
      return { stream, response };
    },
    close() {
      clearInterval(beat);
      for (const stream of open) stream.end();
    },
  };
}

interface StreamOptions {
  packed: boolean;
  endsAtMs: number;
  connection: ServerResponse | undefined;
  waitingBytes: number;
}

class OpenStream implements Stream {
  readonly body: ReadableStream<Uint8Array>;
  isOpen = true;
  readonly #options: StreamOptions;
  readonly #leave: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #quiet = true;

  constructor(options: StreamOptions, leave: () => void) {
    this.#options = options;
    this.#leave = leave;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
          if (options.packed) controller.enqueue(gzipHeader);
        },
        cancel: () => this.#over(),
      },
      { highWaterMark: options.waitingBytes, size: (bytes) => bytes?.byteLength ?? 0 },
    );
  }

  send(chunk: Chunk): void {
    if (!this.isOpen) return;
    this.#quiet = false;
    this.#controller?.enqueue(this.#options.packed ? chunk.packed() : chunk.plain);
    if ((this.#controller?.desiredSize ?? 0) <= 0) this.#cut();
  }

  beat(nowMs: number): void {
    if (nowMs >= this.#options.endsAtMs) return this.end();
    if (this.#quiet) this.send(heartbeat);
    this.#quiet = true;
  }

  end(): void {
    if (!this.isOpen) return;
    this.#controller?.close();
    this.#over();
    const { connection } = this.#options;
    if (connection) setTimeout(() => connection.destroy(), endWithinMs).unref();
  }

  #cut(): void {
    const { connection } = this.#options;
    if (connection) connection.destroy();
    else this.#controller?.error(new Error("the client takes too little"));
    this.#over();
  }

  #over(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#leave();
  }
}
