// The limit of a producer: kafkajs as its documents show it, in a process that does nothing else; or, to compare, the
// project's own producer on the same records.
import { once } from "node:events";
import { Kafka, logLevel } from "kafkajs";
import { openProducer } from "../../../wire/kafka/index.ts";
import type { OutRecord } from "../../../wire/kafka/port.ts";
import { partitionOf } from "../../../wire/messages/index.ts";
import { silentLog } from "../../../wire/process/log.ts";
import { cpName, eventPackets } from "./event-packets.ts";
import { latencyOf, type ProducePlan, type SideTold } from "./load.messages.ts";

const plan = JSON.parse(process.argv[2] ?? "") as ProducePlan;
const tell = (told: SideTold) => void process.send?.(told);
const warmUpBatches = 20;

const records: OutRecord[] = Array.from({ length: plan.connections }, (_, i) => {
  const cp = cpName(i);
  const { payload } = eventPackets(cp, "be9c0000", "event");
  return {
    topic: plan.topic,
    key: cp,
    partition: partitionOf(cp, plan.partitions),
    value: payload,
    timestampMs: Date.now(),
  };
});
let next = 0;
const take = (count: number): OutRecord[] =>
  Array.from({ length: count }, () => records[next++ % records.length] as OutRecord);

async function openSend(): Promise<(count: number) => Promise<unknown>> {
  if (plan.by === "producer") {
    const producer = openProducer({ brokers: [plan.bootstrap], clientId: "bench", log: silentLog });
    return (count) => producer.send(take(count));
  }
  const kafka = new Kafka({ brokers: [plan.bootstrap], clientId: "bench", logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  return (count) =>
    producer.sendBatch({
      acks: -1,
      topicMessages: [
        {
          topic: plan.topic,
          // A fresh object per message, as for messages that have just arrived.
          messages: take(count).map(({ key, partition, value, timestampMs }) => ({
            key,
            partition,
            value: value as Buffer,
            timestamp: String(timestampMs),
          })),
        },
      ],
    });
}

/** `inFlight` batches on their way all the time. */
async function asFastAsItGoes(send: (count: number) => Promise<unknown>): Promise<number[]> {
  let left = Math.floor(plan.total / plan.batch);
  const ms: number[] = [];
  const lane = async () => {
    while (left-- > 0) {
      const began = performance.now();
      await send(plan.batch);
      ms.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: plan.inFlight }, lane));
  return ms;
}

/** One record at a time, by the clock. */
async function atRate(send: (count: number) => Promise<unknown>, perSecond: number): Promise<number[]> {
  const began = performance.now();
  const ms: number[] = [];
  const sends: Promise<unknown>[] = [];
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(plan.total, Math.floor(((performance.now() - began) / 1_000) * perSecond));
      for (; sends.length < due; ) {
        const at = performance.now();
        sends.push(send(1).then(() => ms.push(performance.now() - at)));
      }
      if (due < plan.total) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  await Promise.all(sends);
  return ms;
}

const send = await openSend();
for (let i = 0; i < warmUpBatches; i++) await send(plan.perSecond === undefined ? plan.batch : 1);
const told = once(process, "message");
tell({ is: "ready" });
await told;
const cpu = process.cpuUsage();
const began = performance.now();
const ms = plan.perSecond === undefined ? await asFastAsItGoes(send) : await atRate(send, plan.perSecond);
const { user, system } = process.cpuUsage(cpu);
tell({
  is: "done",
  messages: plan.perSecond === undefined ? ms.length * plan.batch : ms.length,
  tookS: (performance.now() - began) / 1_000,
  cpuS: (user + system) / 1e6,
  latency: latencyOf(ms),
  memoryMb: process.memoryUsage.rss() / 1e6,
});
process.disconnect();
setImmediate(() => process.exit(0));
