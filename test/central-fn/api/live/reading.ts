// An event stream read as a client reads it; each event's data is held to its schema.
import { expect } from "vitest";
import type { ZodType } from "zod";
import { driverEvents, fleetEvents } from "../../../../central-fn/api/live/events.schemas.ts";

export interface Heard {
  event: string;
  id: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: what it holds is the schema's matter, and the test's.
  data: any;
}

export interface Reading {
  all: Heard[];
  of(event: string): Heard[];
  /** Resolves when `what` holds of what was heard; rejects after 5 s, or when the stream ends before. */
  until(what: (reading: Reading) => boolean): Promise<void>;
  ended: Promise<void>;
  stop(): Promise<void>;
}

const schemas: Record<string, ZodType> = { ...fleetEvents, ...driverEvents };

export function readEvents(answer: Response): Reading {
  if (!answer.body) throw new Error(`no stream: ${answer.status}`);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  const all: Heard[] = [];
  let rest = "";
  let isOver = false;
  const waiting = new Set<() => void>();
  const take = (block: string) => {
    const fields = Object.fromEntries(
      block
        .split("\n")
        .filter((line) => !line.startsWith(":"))
        .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
    );
    if (fields.event === undefined) return;
    const data: unknown = JSON.parse(fields.data ?? "");
    const parsed = schemas[fields.event]?.safeParse(data);
    expect([fields.event, parsed?.error]).toEqual([fields.event, undefined]);
    expect(parsed?.data).toEqual(data);
    all.push({ event: fields.event, id: fields.id, data });
  };
  const ended = (async () => {
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        const blocks = (rest + value).split("\n\n");
        rest = blocks.pop() ?? "";
        for (const block of blocks) take(block);
        for (const look of waiting) look();
      }
    } finally {
      isOver = true;
      for (const look of waiting) look();
    }
  })();
  ended.catch(() => {});
  const reading: Reading = {
    all,
    of: (event) => all.filter((heard) => heard.event === event),
    until: (what) =>
      new Promise((resolve, reject) => {
        const tooLong = setTimeout(() => done(new Error(`heard only ${JSON.stringify(all)}`)), 5_000);
        const done = (error?: Error) => {
          clearTimeout(tooLong);
          waiting.delete(look);
          if (error) reject(error);
          else resolve();
        };
        const look = () => {
          if (what(reading)) done();
          else if (isOver) done(new Error(`the stream ended after ${JSON.stringify(all)}`));
        };
        waiting.add(look);
        look();
      }),
    ended,
    stop: () => reader.cancel(),
  };
  return reading;
}
