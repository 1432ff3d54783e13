// A broker as one value: a port that listens, a folder with its data, and an end.
import { mkdirSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { errorText, type Log } from "../../../wire/process/log.ts";
import type { Broker } from "./api/api.ts";
import { type Address, serve } from "./connection.ts";
import { Coordinator } from "./group/coordinator.ts";
import { openStore } from "./store.ts";
import { Topics } from "./topics.ts";

export interface KafkaOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  /** Folder that this broker alone uses; made when missing. */
  dataPath: string;
  /** What clients are told to connect to; by default where the broker listens. */
  advertised?: Address;
  /** Shortest session time-out of a group member, milliseconds; 6,000 as in Apache Kafka. */
  leastSessionMs?: number;
  /** A larger request closes its connection. */
  mostRequestBytes?: number;
  retentionCheckMs?: number;
}

export interface Kafka {
  readonly host: string;
  readonly port: number;
  /** Ends every connection; when it resolves everything is on disk. */
  close(): Promise<void>;
}

/** What is written in this time is checked batch by batch at the next start after a crash. */
const checkpointMs = 5_000;

/** Rejects with EADDRINUSE when the port is taken, and when the folder cannot be used. */
export async function openKafka(options: KafkaOptions, log: Log): Promise<Kafka> {
  const sockets = new Set<Socket>();
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    // The port first: it is what keeps a second broker of the same settings away from the data.
    server.listen(options.port, options.host, resolve);
  });
  const bound = server.address();
  const port = typeof bound === "object" && bound ? bound.port : options.port;
  let kept: ReturnType<typeof openData>;
  try {
    kept = openData(options, log);
  } catch (error) {
    server.close();
    throw error;
  }
  const { broker, topics, coordinator, store } = kept;
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // A broker that listens everywhere is reached where this client reached it.
    const isEverywhere = options.host === "0.0.0.0" || options.host === "::";
    const host = isEverywhere ? (socket.localAddress ?? options.host) : options.host;
    serve(
      socket,
      broker,
      options.advertised ?? { host, port },
      options.mostRequestBytes ?? 100 * 1024 * 1024,
    );
  });

  let saving: Promise<void> = Promise.resolve();
  const save = () => {
    saving = saving
      .then(() => topics.checkpoint())
      .catch((error) => log.error(`checkpoint: ${errorText(error)}`));
    return saving;
  };
  const timers = [
    setInterval(() => void save(), checkpointMs),
    setInterval(() => topics.retain(Date.now()), options.retentionCheckMs ?? 60_000),
  ];
  return {
    host: options.host,
    port,
    async close() {
      for (const timer of timers) clearInterval(timer);
      server.close();
      for (const socket of sockets) socket.destroy();
      coordinator.close();
      await save();
      topics.close();
      store.close();
    },
  };
}

function openData(options: KafkaOptions, log: Log) {
  mkdirSync(options.dataPath, { recursive: true });
  const warn = (what: string) => log.warn(what);
  const store = openStore(join(options.dataPath, "broker.db"));
  const topics = new Topics(join(options.dataPath, "topics"), store, warn);
  const coordinator = new Coordinator(store);
  const leastSessionMs = options.leastSessionMs ?? 6_000;
  const broker: Broker = { topics, coordinator, store, leastSessionMs, warn };
  return { broker, topics, coordinator, store };
}
