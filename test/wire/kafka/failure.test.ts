import { describe, expect, it } from "vitest";
import { afterFailure, failureOf, retryPauseMs } from "../../../wire/kafka/failure.ts";

const typed = (type: string, message = type) => Object.assign(new Error(message), { type });

describe("a failed produce", () => {
  it("is the world's fault when an outage comes out as a non-retriable error", () => {
    const error = Object.assign(new Error("retries exceeded", { cause: new Error("connect ECONNREFUSED") }), {
      retriable: false,
    });
    expect(failureOf(error)).toEqual({ is: "world", text: "connect ECONNREFUSED" });
    expect(failureOf(new Error("Broker not connected")).is).toBe("world");
    expect(failureOf("a string").is).toBe("world");
  });

  it("is the record's fault when the protocol says so at the bottom of the causes", () => {
    const error = new Error("outer", { cause: typed("MESSAGE_TOO_LARGE", "too large") });
    expect(failureOf(error)).toEqual({ is: "data", text: "MESSAGE_TOO_LARGE: too large" });
    expect(failureOf(typed("UNKNOWN_TOPIC_OR_PARTITION")).is).toBe("place");
    expect(failureOf(typed("OUT_OF_ORDER_SEQUENCE_NUMBER")).is).toBe("world");
    expect(failureOf(typed("NOT_ENOUGH_REPLICAS")).is).toBe("world");
  });

  it.each([
    ["world", 5, false, "again"],
    ["world", 1, true, "again"],
    ["place", 5, false, "again"],
    ["place", 5, true, "halve"],
    ["place", 1, true, "refuse"],
    ["data", 2, false, "halve"],
    ["data", 1, false, "refuse"],
  ] as const)("of kind %s with %i records (overdue: %s) leads to: %s", (is, records, overdue, step) => {
    expect(afterFailure({ failure: { is, text: "" }, records, overdue })).toBe(step);
  });

  it("is tried again after 0.1 s, later after at most 2.4 s", () => {
    expect(retryPauseMs(1, 0.5)).toBe(100);
    expect(retryPauseMs(3, 0)).toBe(320);
    expect(retryPauseMs(10_000, 0.999)).toBeLessThanOrEqual(2_400);
  });
});
