// The bridge process: MQTT ⇄ Kafka, stateless; kill it at any moment.
import * as z from "zod";
import {
  brokerList,
  dialAt,
  ensureTopics,
  kafkaTls,
  kafkaTlsVariables,
  openProducer,
  TopicsDiffer,
} from "../wire/kafka/index.ts";
import { assertPartitions, localPartitions } from "../wire/messages/index.ts";
import { type Link, mqttAccess, mqttAccessVariables, openLink } from "../wire/mqtt/index.ts";
import { positive, readEnvironment } from "../wire/process/environment.ts";
import { endWith } from "../wire/process/lifetime.ts";
import { errorText, openLog } from "../wire/process/log.ts";
import { startCanary } from "./canary.ts";
import { openDownlink } from "./downlink.ts";
import { feedsOf, shardsOf, subscriptionsOf } from "./shards.ts";
import { openUplink } from "./uplink.ts";

/** Turns a reader that throws into a schema, so that a wrong value gets one line that names its variable. */
function read<T>(reader: (text: string) => T) {
  return (text: string, context: z.RefinementCtx): T => {
    try {
      return reader(text);
    } catch (error) {
      context.addIssue({ code: "custom", message: errorText(error) });
      return z.NEVER;
    }
  };
}

const env = readEnvironment(
  z.object({
    MQTT_URL: z.string().default("mqtt://127.0.0.1:1883"),
    ...mqttAccessVariables,
    KAFKA_BOOTSTRAP: z.string().default("127.0.0.1:9092").transform(read(brokerList)),
    ...kafkaTlsVariables,
    /** Where to dial whatever address the broker names: a tunnel. */
    KAFKA_DIAL: z.string().transform(read(dialAt)).optional(),
    PARTITIONS: z
      .string()
      .default(String(localPartitions))
      .transform(
        read((text) => {
          assertPartitions(Number(text));
          return Number(text);
        }),
      ),
    REPLICATION: positive.int().default(1),
    BRIDGE_ID: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,48}$/)
      .default("bridge-all"),
    CANARY_INTERVAL_MS: positive.default(1_000),
    SHARDS: z
      .string()
      .default("all")
      .transform(
        read((text) => {
          const shards = shardsOf(text);
          if (!shards) throw new Error("`all`, or shard numbers from 0 to 63 with commas between");
          return shards;
        }),
      ),
  }),
);

/** Delay that a busy bridge takes for large reads and large batches; at 500 messages/s there is none. */
const gatherMs = { messages: 2, records: 5 };
const healthLineEveryMs = 60_000;
const log = openLog("Bridge");
const { PARTITIONS: partitions, BRIDGE_ID: bridgeId, SHARDS: shards } = env;
const address = {
  brokers: env.KAFKA_BOOTSTRAP,
  ...kafkaTls(env),
  clientId: `bridge-${bridgeId}`,
  log,
  ...(env.KAFKA_DIAL && { dial: env.KAFKA_DIAL }),
};
const ends: (() => Promise<void> | void)[] = [];
let ending = false;

endWith(log, async (why) => {
  ending = true;
  log.debug(`ending ${ends.length} parts (${why})`);
  // The newest part first: nothing more is taken in, then what waits is given to Kafka.
  for (const end of ends.reverse()) await end();
});

try {
  await ensureTopics({ ...address, partitions, replication: env.REPLICATION });
} catch (error) {
  if (!(error instanceof TopicsDiffer)) throw error;
  log.error(error.message);
  process.exit(78);
}
if (!ending) start();

function start(): void {
  const producer = openProducer({ ...address, gatherMs: gatherMs.records });
  ends.push(() => producer.close());
  let opened: Link | undefined;
  const link: Pick<Link, "connected" | "connection" | "publish"> = {
    get connected() {
      return opened?.connected ?? false;
    },
    get connection() {
      return opened?.connection ?? 0;
    },
    publish: (topic, payload, qos) => opened?.publish(topic, payload, qos) ?? Promise.resolve(false),
  };
  const uplink = openUplink({ producer, partitions, bridgeId, log }, () => link);
  let started = false;
  opened = openLink(
    {
      url: env.MQTT_URL,
      ...mqttAccess(env),
      clientId: `bridge-${bridgeId}`,
      // What the devices hold is the only buffer: nothing is to wait for the bridge in the broker's memory.
      cleanSession: true,
      keepaliveS: 10,
      gatherMs: gatherMs.messages,
      // Few bridges need no spreading, and what a device sends before its bridge is back it has to send again.
      reconnectMostMs: 400,
    },
    subscriptionsOf(shards, partitions),
    {
      up() {
        if (!started) log.info(`bridge ${bridgeId} started successfully`);
        started = true;
      },
      down() {},
      message: uplink.message,
    },
    log,
  );
  const downlink = openDownlink(address, { producer, link, partitions, log });
  // Together: a handler that waits for a PUBACK ends with the link.
  ends.push(async () => {
    await Promise.all([opened?.close(), downlink.close()]);
  });
  ends.push(
    startCanary({ feeds: feedsOf(shards, partitions), bridgeId, everyMs: env.CANARY_INTERVAL_MS, link }),
  );

  const health = setInterval(() => {
    const { counts } = uplink;
    log.info(
      `in ${counts.in}, acked ${counts.acked}, shed ${counts.shed}, dead letters ` +
        `${counts.deadLetters + downlink.counts.deadLetters}, repeats ${counts.repeats}, refused ${counts.refused}, ` +
        `stale acks ${counts.staleAcks}, backlog ${uplink.backlog} (Kafka stalled ${Math.round(producer.stalledMs)} ` +
        `ms), commands ${downlink.counts.delivered} (group silent ${Math.round(downlink.silentMs)} ms)`,
    );
  }, healthLineEveryMs);
  ends.push(() => clearInterval(health));
}
