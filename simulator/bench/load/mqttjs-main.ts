// The limit of a subscriber: mqtt.js as its documents show it, QoS 1 and its own acknowledgement, in a process that
// does nothing else; or, with `echo`, one that answers each event at once: what a device waits for without Kafka.
import type { Socket } from "node:net";
import { connect } from "mqtt";
import { mqttTopics } from "../../../wire/messages/index.ts";
import { placesIn, seqAt } from "./event-packets.ts";
import { latencyOf, type SideTold, type SubscribePlan } from "./load.messages.ts";

const plan = JSON.parse(process.argv[2] ?? "") as SubscribePlan;
const tell = (told: SideTold) => void process.send?.(told);

const client = connect({
  host: "127.0.0.1",
  port: plan.mqttPort,
  protocol: "mqtt",
  clientId: "bridge-limit",
});
let messages = 0;
let cpu = process.cpuUsage();
let began = 0;

client.on("message", (topic, payload) => {
  if (messages++ === plan.warmUp) {
    cpu = process.cpuUsage();
    began = performance.now();
  }
  if (plan.echo) echo(topic, payload);
  if (messages === plan.warmUp + plan.total) done();
});

function echo(topic: string, payload: Buffer): void {
  const seq = seqAt(payload, placesIn(payload));
  const { src, journal, epoch } = JSON.parse(payload.toString()) as {
    src: string;
    journal: string;
    epoch: number;
  };
  const ack = { kind: "ack", src, journal, epoch, ranges: [[seq, seq]] };
  client.publish(topic.replace("engine/events", "acks"), JSON.stringify(ack), { qos: 0 });
}

function done(): void {
  const { user, system } = process.cpuUsage(cpu);
  const tookS = (performance.now() - began) / 1_000;
  // The broker gets its last acknowledgements first.
  client.end(false, () => {
    tell({
      is: "done",
      messages: plan.total,
      tookS,
      cpuS: (user + system) / 1e6,
      latency: latencyOf([]),
      memoryMb: process.memoryUsage.rss() / 1e6,
    });
    process.disconnect();
    setImmediate(() => process.exit(0));
  });
}

client.on("connect", () => {
  // An echo is to wait for nothing.
  if (plan.echo && "setNoDelay" in client.stream) (client.stream as Socket).setNoDelay(true);
  client.subscribe(mqttTopics.allEngineEvents, { qos: 1 }, (error) => {
    if (error) throw error;
    tell({ is: "ready" });
  });
});
