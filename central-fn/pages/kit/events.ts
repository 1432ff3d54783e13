// Server-Sent Events over fetch: unlike the browser's EventSource it sends the bearer token, and says when it is cut.
//
// 1. It comes back by itself, from the last id that was heard; until then its owner polls.
// 2. A line that brings nothing for `silentMs`, not even a comment, is cut: half-open connections look like peace.
import { token } from "./token.ts";

export interface ServerEvent {
  id: string | undefined;
  /** "message" when the server names none. */
  type: string;
  data: string;
}

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

/** Takes the stream's text in pieces of any length and gives whole events (HTML standard, 9.2.6). */
export function eventReader(onEvent: (event: ServerEvent) => void): (text: string) => void {
  let rest = "";
  let id: string | undefined;
  let type = "";
  let data: string[] = [];
  const line = (text: string) => {
    if (text === "") {
      if (data.length > 0) onEvent({ id, type: type || "message", data: data.join("\n") });
      type = "";
      data = [];
      return;
    }
    const colon = text.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? "" : text.slice(colon + 1).replace(/^ /, "");
    if (field === "data") data.push(value);
    else if (field === "event") type = value;
    else if (field === "id" && !value.includes("\0")) id = value;
  };
  return (text) => {
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const whole of lines) line(whole);
  };
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
