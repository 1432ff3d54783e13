import { EventEmitter } from "node:events";
import { Socket } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { onlyWholeAnswers, openAnswers } from "../../../wire/kafka/whole-answers.ts";

function answer(bytes: number, fill = 7): Buffer {
  const whole = Buffer.alloc(4 + bytes, fill);
  whole.writeInt32BE(bytes, 0);
  return whole;
}

describe("answers from Kafka", () => {
  it("are passed on whole and complete, however the stream is cut", () => {
    const sizes = fc.array(fc.integer({ min: 4, max: 40 }), { minLength: 1, maxLength: 8 });
    const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 });
    fc.assert(
      fc.property(sizes, cuts, (lengths, steps) => {
        const stream = Buffer.concat(lengths.map((length, i) => answer(length, i)));
        const got: Buffer[] = [];
        const take = openAnswers((whole) => got.push(whole));
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const step = steps[turn % steps.length] ?? 1;
          take(stream.subarray(at, at + step));
          at += step;
          // Each that is handed over ends where an answer ends.
          for (const whole of got) {
            let end = 0;
            while (end < whole.length) end += 4 + whole.readInt32BE(end);
            expect(end).toBe(whole.length);
          }
        }
        expect(Buffer.concat(got)).toEqual(stream);
      }),
    );
  });

  it("leave nothing of one that broke off, and end a connection that speaks something else", () => {
    const heard: Buffer[] = [];
    const socket = onlyWholeAnswers(new Socket());
    socket.on("data", (bytes) => heard.push(bytes));
    const failed: string[] = [];
    socket.on("error", (error) => failed.push(error.message));
    EventEmitter.prototype.emit.call(socket, "data", answer(8).subarray(0, 9));
    expect(heard).toEqual([]);
    EventEmitter.prototype.emit.call(socket, "data", answer(8).subarray(9));
    expect(heard).toEqual([answer(8)]);
    EventEmitter.prototype.emit.call(socket, "data", Buffer.from("HTTP/1.1 400 Bad Request"));
    expect(socket.destroyed).toBe(true);
  });
});
