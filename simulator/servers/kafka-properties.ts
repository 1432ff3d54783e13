// Apache Kafka's configuration, one node of a cluster on one machine: KRaft, broker and controller in one process. Pure.
import { join } from "node:path";

export interface KafkaNode {
  id: number;
  port: number;
  tlsPort: number;
  controllerPort: number;
}

export interface KafkaSettings {
  node: KafkaNode;
  nodes: readonly KafkaNode[];
  /** Absolute: the log's own folder. */
  dataDir: string;
  /** PEM files; the first holds the node's key and certificate together. */
  tls: { keyAndCertificate: string; ca: string };
  /** What a test wants otherwise. */
  more?: Readonly<Record<string, string>>;
}

export function replicationOf(nodes: number): { replicas: number; leastInSync: number } {
  return { replicas: Math.min(3, nodes), leastInSync: nodes >= 3 ? 2 : 1 };
}

export function kafkaProperties({ node, nodes, dataDir, tls, more = {} }: KafkaSettings): string {
  const { replicas, leastInSync } = replicationOf(nodes.length);
  const settings: Record<string, string | number | boolean> = {
    "process.roles": "broker,controller",
    "node.id": node.id,
    "controller.quorum.voters": nodes.map((one) => `${one.id}@127.0.0.1:${one.controllerPort}`).join(","),
    listeners: `PLAINTEXT://127.0.0.1:${node.port},SSL://127.0.0.1:${node.tlsPort},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${node.port},SSL://localhost:${node.tlsPort}`,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SSL:SSL,CONTROLLER:PLAINTEXT",
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": tls.keyAndCertificate,
    "ssl.truststore.type": "PEM",
    "ssl.truststore.location": tls.ca,
    "ssl.client.auth": "required",
    "log.dirs": dataDir,
    "auto.create.topics.enable": false,
    "default.replication.factor": replicas,
    "min.insync.replicas": leastInSync,
    "offsets.topic.num.partitions": 1,
    "offsets.topic.replication.factor": replicas,
    "transaction.state.log.num.partitions": 1,
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": leastInSync,
    "share.coordinator.state.topic.num.partitions": 1,
    "share.coordinator.state.topic.replication.factor": replicas,
    "share.coordinator.state.topic.min.isr": leastInSync,
    "group.initial.rebalance.delay.ms": 0,
    // A killed node is taken for dead, and let in again, after this long instead of 9 s; less, and a busy machine's
    // nodes are taken for dead too.
    "broker.session.timeout.ms": 6_000,
    "broker.heartbeat.interval.ms": 1_000,
    "log.retention.check.interval.ms": 60_000,
    // 128 MB of heap otherwise.
    "log.cleaner.dedupe.buffer.size": 5_242_880,
    "num.network.threads": 2,
    "num.io.threads": 4,
    ...more,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

/** Warnings, and the one line that says that the server is there. */
export const log4jProperties = `rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %p %c{1} | %replace{%m}{Kafka Server started$}{Kafka Server started successfully}%n
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = info
`;

export function nodeFolder(dir: string, id: number): string {
  return join(dir, `node-${id}`);
}
