import { createRequire } from "node:module";
import RequestQueue from "kafkajs/src/network/requestQueue/index.js";
import { describe, expect, it } from "vitest";
import { correctIdleTimer } from "../../../wire/kafka/idle-timer.ts";

/** The class as kafkajs ships it, whatever was corrected in this process before. */
function untouched(): typeof RequestQueue {
  const require = createRequire(import.meta.url);
  const path = require.resolve("kafkajs/src/network/requestQueue/index.js");
  const loaded = require.cache[path];
  delete require.cache[path];
  try {
    return require(path) as typeof RequestQueue;
  } finally {
    if (loaded) require.cache[path] = loaded;
  }
}

function openRequests(Queue = RequestQueue) {
  const queue = new Queue({
    maxInFlightRequests: null,
    requestTimeout: 1_000,
    enforceRequestTimeout: false,
    clientId: "t",
    broker: "b",
    logger: { debug() {}, warn() {} },
  });
  const sent: number[] = [];
  const ask = (correlationId: number) =>
    new Promise((resolve, reject) =>
      queue.push({
        entry: { correlationId, resolve, reject },
        expectResponse: true,
        sendRequest: () => sent.push(correlationId),
      }),
    );
  return { queue, sent, ask };
}
const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;

describe("a request queue of kafkajs", () => {
  it("arms no timer when nothing waits, where the original never stops", () => {
    const before = timers();
    const original = openRequests(untouched());
    void original.ask(1);
    original.queue.fulfillRequest({ correlationId: 1, payload: null, size: 0 });
    expect(timers() - before).toBe(1);
    original.queue.destroy();

    correctIdleTimer();
    const corrected = openRequests();
    void corrected.ask(1);
    corrected.queue.fulfillRequest({ correlationId: 1, payload: null, size: 0 });
    expect(timers() - before).toBe(0);
  });

  it("still sends what the broker's throttling held back", async () => {
    correctIdleTimer();
    const { queue, sent, ask } = openRequests();
    queue.maybeThrottle(30);
    const answer = ask(1);
    expect(sent).toEqual([]);
    while (sent.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    queue.fulfillRequest({ correlationId: 1, payload: "x", size: 1 });
    expect(await answer).toMatchObject({ payload: "x" });
    queue.destroy();
  });
});
