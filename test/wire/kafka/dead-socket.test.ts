import { connect, createServer, type Server, type Socket } from "node:net";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { answerCounter, destroyWhenDead, patienceMs } from "../../../wire/kafka/dead-socket.ts";

const request = (apiKey: number) => {
  const bytes = Buffer.alloc(12);
  bytes.writeInt32BE(8, 0);
  bytes.writeInt16BE(apiKey, 4);
  return bytes;
};
const answer = (bodyBytes: number) => {
  const bytes = Buffer.alloc(4 + bodyBytes, 7);
  bytes.writeInt32BE(bodyBytes, 0);
  return bytes;
};

describe("patience", () => {
  const patience = { ordinaryMs: 5, joinMs: 15 };
  it("is longer for joining and syncing a group than for anything else", () => {
    expect([0, 1, 3, 11, 12, 14].map((key) => patienceMs(request(key), patience))).toEqual([
      5, 5, 5, 15, 5, 15,
    ]);
  });
});

describe("counting answers", () => {
  it("finds every answer, however the stream is cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(300), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 50 })),
        (sizes, cuts) => {
          const stream = Buffer.concat(sizes.map(answer));
          const count = answerCounter();
          let answers = 0;
          let at = 0;
          for (let i = 0; at < stream.length; i++) {
            const length = cuts.length > 0 ? (cuts[i % cuts.length] ?? 1) : stream.length;
            answers += count(stream.subarray(at, at + length));
            at += length;
          }
          expect(answers).toBe(sizes.length);
        },
      ),
    );
  });
});

describe("a connection to Kafka", () => {
  let server: Server;
  let far: Socket | undefined;
  let near: Socket;

  beforeEach(async () => {
    server = createServer((socket) => {
      far = socket;
      socket.on("error", () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    near = connect(typeof address === "object" && address ? address.port : 0, "127.0.0.1");
    await new Promise((resolve) => near.once("connect", resolve));
    while (!far) await new Promise((resolve) => setImmediate(resolve));
  });
  afterEach(() => {
    near.destroy();
    far?.destroy();
    far = undefined;
    server.close();
  });
  const broken = () =>
    new Promise<string>((resolve) => near.once("error", ({ message }) => resolve(message)));
  const aliveAfter = (ms: number) => new Promise<string>((resolve) => setTimeout(() => resolve("alive"), ms));

  it("is destroyed with an error when a request stays unanswered", async () => {
    destroyWhenDead(near, { ordinaryMs: 50, joinMs: 50 });
    near.write(request(0));
    expect(await broken()).toContain("within 50 ms");
  });

  it("is destroyed even though further requests are written, answered or not at all", async () => {
    destroyWhenDead(near, { ordinaryMs: 60, joinMs: 60 });
    const writes = setInterval(() => near.destroyed || near.write(request(12)), 10);
    expect(await Promise.race([broken(), aliveAfter(1_000)])).toContain("within 60 ms");
    clearInterval(writes);
  });

  it("may be silent when nothing is outstanding, also after pipelined answers in one chunk", async () => {
    destroyWhenDead(near, { ordinaryMs: 30, joinMs: 30 });
    near.write(request(3));
    near.write(request(0));
    far?.write(Buffer.concat([answer(10), answer(0)]));
    expect(await Promise.race([broken(), aliveAfter(120)])).toBe("alive");
  });

  it("is destroyed when only the first of two requests is answered", async () => {
    destroyWhenDead(near, { ordinaryMs: 40, joinMs: 40 });
    near.write(request(3));
    near.write(request(0));
    far?.write(answer(10));
    expect(await Promise.race([broken(), aliveAfter(1_000)])).toContain("within 40 ms");
  });

  it("waits for a group to gather, although an earlier request was answered meanwhile", async () => {
    destroyWhenDead(near, { ordinaryMs: 30, joinMs: 5_000 });
    near.write(request(3));
    near.write(request(11));
    far?.write(answer(5));
    expect(await Promise.race([broken(), aliveAfter(120)])).toBe("alive");
  });
});
