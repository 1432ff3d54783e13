// Server-Sent Events over fetch: unlike the browser's EventSource it sends the bearer token, and says when it is cut.
//
// 1. It comes back by itself, from the last id that was heard; until then its owner polls.
// 2. A line that brings nothing for `silentMs`, not even a comment, is cut: half-open connections look like peace.
import { eventReader, type ServerEvent } from "./event-stream.rules.ts";
import { token } from "./token.ts";

export type { ServerEvent } from "./event-stream.rules.ts";

export interface EventsOptions {
  onEvent(event: ServerEvent): void;
  /** True: what changes is told now. False: the line is down, ask. */
  onTold(told: boolean): void;
  /** Begin after this id. */
  lastEventId?: string | undefined;
  silentMs?: number;
}

const firstPauseMs = 1_000;
const longestPauseMs = 30_000;
/** Answers after which asking again is of no use: not for us, or not there. */
const final = new Set([204, 400, 401, 403, 404, 405, 406, 501]);

/** Listens to `path` until the returned function is called. */
export function listen(path: string, options: EventsOptions): () => void {
  const ended = new AbortController();
  let lastEventId = options.lastEventId;
  const keepListening = async () => {
    let pauseMs = firstPauseMs;
    while (!ended.signal.aborted) {
      const outcome = await hearOnce(path, lastEventId, options, ended.signal, (event) => {
        pauseMs = firstPauseMs;
        lastEventId = event.id ?? lastEventId;
        options.onEvent(event);
      });
      options.onTold(false);
      if (outcome === "final") return;
      await pause(pauseMs * (0.5 + Math.random()), ended.signal);
      pauseMs = Math.min(longestPauseMs, pauseMs * 2);
    }
  };
  void keepListening();
  return () => ended.abort();
}

async function hearOnce(
  path: string,
  lastEventId: string | undefined,
  { onTold, silentMs = 45_000 }: EventsOptions,
  ended: AbortSignal,
  onEvent: (event: ServerEvent) => void,
): Promise<"final" | "cut"> {
  const silent = new AbortController();
  let timer = setTimeout(() => silent.abort(), silentMs);
  try {
    const response = await fetch(path, {
      cache: "no-store",
      signal: AbortSignal.any([ended, silent.signal]),
      headers: {
        accept: "text/event-stream",
        ...(token.value !== null && { authorization: `Bearer ${token.value}` }),
        ...(lastEventId !== undefined && { "last-event-id": lastEventId }),
      },
    });
    if (!response.ok || !response.body) return final.has(response.status) ? "final" : "cut";
    onTold(true);
    const read = eventReader(onEvent);
    for await (const text of chunksOf(response.body)) {
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(), silentMs);
      read(text);
    }
    return "cut";
  } catch {
    // Whatever broke the line: it is tried again.
    return "cut";
  } finally {
    clearTimeout(timer);
  }
}

async function* chunksOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

function pause(ms: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    ended.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
