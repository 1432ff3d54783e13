import { logLevel } from "kafkajs";
import { describe, expect, it } from "vitest";
import { brokerList } from "../../../wire/kafka/client.ts";
import { levelOf } from "../../../wire/kafka/kafkajs-log.ts";

describe("what kafkajs calls an error", () => {
  it.each([
    ["Response Heartbeat(key: 12, version: 3)", "The group is rebalancing, so a rejoin is needed"],
    ["The coordinator is not aware of this member, re-joining the group", ""],
    ["Response CreateTopics(key: 19, version: 3)", "Topic creation errors"],
    ["Connection error: connect ECONNREFUSED 127.0.0.1:9092", ""],
    ["Crash: KafkaJSNumberOfRetriesExceeded: x", ""],
  ])("is for debugging only, when ordinary: %s", (message, error) => {
    expect(levelOf(logLevel.ERROR, message, error)).toBe("DEBUG");
  });
  it("is a warning otherwise", () => {
    expect(levelOf(logLevel.ERROR, "Offset out of range, resetting to default offset", "")).toBe("WARN");
    expect(levelOf(logLevel.ERROR, "Response Produce(key: 0, version: 7)", "Message too large")).toBe("WARN");
  });
});

describe("KAFKA_BOOTSTRAP", () => {
  it("is a list of host:port", () => {
    expect(brokerList("a:1, b.example:9092,")).toEqual(["a:1", "b.example:9092"]);
  });
  it.each(["", "localhost", "a:1,b", "kafka://a:1"])("is refused when it is %j", (text) => {
    expect(() => brokerList(text)).toThrow();
  });
});
