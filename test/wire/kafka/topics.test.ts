import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureTopics, openProducer, TopicsDiffer } from "../../../wire/kafka/index.ts";
import { kafkaTopics } from "../../../wire/messages/index.ts";
import { openLog, silentLog } from "../../../wire/process/log.ts";
import { type StandIn, startStandIn } from "./stand-in.ts";

let kafka: StandIn;
beforeAll(async () => {
  kafka = await startStandIn();
});
afterAll(async () => {
  await kafka.remove();
});

describe("the Kafka topics", () => {
  it("are made with all partitions, once, by several programs at the same time", async () => {
    const lines: string[] = [];
    const options = {
      brokers: kafka.brokers,
      clientId: "t",
      log: openLog("t", (line) => lines.push(line), false),
      partitions: 8,
      replication: 1,
    };
    await Promise.all([ensureTopics(options), ensureTopics(options), ensureTopics(options)]);
    await ensureTopics(options);
    expect(lines.filter((line) => !line.includes("topics made"))).toEqual([]);
    const producer = openProducer({ brokers: kafka.brokers, clientId: "t", log: silentLog });
    await producer.send(
      Object.values(kafkaTopics).map(({ name }) => ({ topic: name, key: "k", partition: 7, value: "x" })),
    );
    await producer.close();
  });

  it("with other partitions than configured are a clear error at once", async () => {
    const wrong = { brokers: kafka.brokers, clientId: "t", log: silentLog, partitions: 16, replication: 1 };
    await expect(ensureTopics(wrong)).rejects.toThrow(TopicsDiffer);
    await expect(ensureTopics(wrong)).rejects.toThrow(/cp\.events has 8/);
  });

  it("are waited for while Kafka is down", async () => {
    await kafka.kill();
    const done = ensureTopics({
      brokers: kafka.brokers,
      clientId: "t",
      log: silentLog,
      partitions: 8,
      replication: 1,
    });
    const early = await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 300, "waiting"))]);
    expect(early).toBe("waiting");
    await kafka.start();
    await done;
  });

  it("are given up with the last error when a bound is set", async () => {
    const nobody = { brokers: ["127.0.0.1:1"], clientId: "t", log: silentLog, partitions: 8, replication: 1 };
    await expect(ensureTopics({ ...nobody, giveUpAfterMs: 50 })).rejects.toThrow(/ECONNREFUSED/);
  });
});
