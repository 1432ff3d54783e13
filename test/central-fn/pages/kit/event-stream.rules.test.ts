// Events out of a stream's text, however it is cut.
import fc from "fast-check";
import { expect, it } from "vitest";
import { eventReader, type ServerEvent } from "../../../../central-fn/pages/kit/event-stream.rules.ts";

function heard(pieces: readonly string[]): ServerEvent[] {
  const events: ServerEvent[] = [];
  const read = eventReader((event) => events.push(event));
  for (const piece of pieces) read(piece);
  return events;
}

const stream =
  'retry: 2000\n\n:\n\nevent: snapshot\nid: a-1\ndata: {"n":1}\n\ndata: one\ndata: two\n\nid: a-2\nevent: change\r\ndata:x\r\n\r\n: comment\ndata';
const events: ServerEvent[] = [
  { id: "a-1", type: "snapshot", data: '{"n":1}' },
  { id: "a-1", type: "message", data: "one\ntwo" },
  { id: "a-2", type: "change", data: "x" },
];

it("comments and unfinished events are none, ids stay until the next", () => {
  expect(heard([stream])).toEqual(events);
});

it("is the same wherever the stream is cut into pieces", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: stream.length })), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
      const pieces = at.slice(1).map((end, i) => stream.slice(at[i], end));
      expect(heard(pieces)).toEqual(events);
    }),
  );
});
