// One kafkajs client with the settings that make it safe: dead sockets destroyed, retries explicit, quiet log, no
// auto-created topics. A client is cheap and is thrown away whole after a failure: nothing stale survives in it.
import { readFileSync } from "node:fs";
import { connect, isIP, type Socket } from "node:net";
import { type ConnectionOptions, checkServerIdentity, connect as connectTls } from "node:tls";
import { type ISocketFactory, Kafka, logLevel } from "kafkajs";
import type { Log } from "../process/log.ts";
import { destroyWhenDead, type Patience } from "./dead-socket.ts";
import { correctIdleTimer } from "./idle-timer.ts";
import { logTo } from "./kafkajs-log.ts";
import { shareConnects } from "./one-connect.ts";
import { onlyWholeAnswers } from "./whole-answers.ts";

export interface KafkaAddress {
  /** `host:port` of every broker that can be asked first. */
  brokers: readonly string[];
  clientId: string;
  log: Log;
  /** TLS with the system's certificate authorities, or with material by path (PEM). */
  tls?: boolean | { ca?: string; cert?: string; key?: string };
  /** Where to dial for an advertised address, when a tunnel or proxy stands between. */
  dial?: (host: string, port: number) => { host: string; port: number };
}

export interface Client {
  kafka: Kafka;
  /** Breaks every connection, at once and for ever: what kafkajs still tries in the background reaches nobody. */
  destroy(why: string): void;
}

const keepAliveMs = 30_000;
const closeWithinMs = 1_000;

/** `retries`: connection attempts after the first, 0.1 s to 2 s apart, before kafkajs gives up. */
export function openClient(
  address: KafkaAddress,
  patience: Patience,
  retries: number = address.brokers.length,
): Client {
  correctIdleTimer();
  shareConnects();
  const sockets = new Map<Socket, string>();
  let destroyed: string | undefined;
  const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    const to = address.dial?.(host, port) ?? { host, port };
    const socket = ssl
      ? connectTls({ ...to, ...tlsTo(host, address.tls) }, onConnect)
      : connect(to, onConnect);
    socket.setKeepAlive(true, keepAliveMs);
    socket.setNoDelay(true);
    if (destroyed !== undefined) socket.destroy(new Error(destroyed));
    const place = `${to.host}:${to.port}`;
    sockets.set(socket, place);
    closeAfterEnd(socket);
    socket.on("close", () => sockets.delete(socket));
    // What is dead between here and a broker is so for each connection to it: found once, not one after the other.
    const othersToo = (error: Error) => {
      for (const [other, at] of sockets) if (at === place && other !== socket) other.destroy(error);
    };
    return onlyWholeAnswers(destroyWhenDead(socket, patience, othersToo));
  };
  const kafka = new Kafka({
    brokers: [...address.brokers],
    clientId: address.clientId,
    ...(address.tls ? { ssl: true } : {}),
    socketFactory,
    connectionTimeout: 3_000,
    // Only a backstop behind the dead-socket watch, which also closes the connection.
    requestTimeout: patience.joinMs + 5_000,
    // Bounded: the loops of producer and consumer go on for ever, with a fresh client.
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries },
    logLevel: logLevel.WARN,
    logCreator: logTo(address.log),
  });
  return {
    kafka,
    destroy(why) {
      destroyed = why;
      for (const socket of sockets.keys()) socket.destroy(new Error(why));
    },
  };
}

/** kafkajs ends a connection and forgets it: through a dead network the other end never answers that. */
function closeAfterEnd(socket: Socket): void {
  socket.once("finish", () => {
    const late = setTimeout(() => socket.destroy(), closeWithinMs);
    socket.once("close", () => clearTimeout(late));
  });
}

/**
 * The certificate must name the host that was advertised, wherever is dialled for it. Files are read anew for every
 * connection: certificates are rotated under a running process.
 */
function tlsTo(host: string, tls: KafkaAddress["tls"]): ConnectionOptions {
  const paths = typeof tls === "object" ? tls : {};
  return {
    rejectUnauthorized: true,
    ...(isIP(host) === 0 && { servername: host }),
    checkServerIdentity: (_dialled, certificate) => checkServerIdentity(host, certificate),
    ...(paths.ca !== undefined && { ca: readFileSync(paths.ca) }),
    ...(paths.cert !== undefined && { cert: readFileSync(paths.cert) }),
    ...(paths.key !== undefined && { key: readFileSync(paths.key) }),
  };
}

/** `host:port,host:port` as in KAFKA_BOOTSTRAP. Throws on an entry without a port. */
export function brokerList(bootstrap: string): string[] {
  const brokers = bootstrap
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  for (const broker of brokers)
    if (!/^[^:\s]+:\d{1,5}$/.test(broker)) throw new Error(`not host:port: "${broker}" in "${bootstrap}"`);
  if (brokers.length === 0) throw new Error("no Kafka broker given");
  return brokers;
}

/**
 * For KAFKA_DIAL=host:port: dials there whatever address a broker names, as through a tunnel to a cluster of one.
 * Throws when it is not host:port.
 */
export function dialAt(tunnel: string): NonNullable<KafkaAddress["dial"]> {
  const [host = "", port] = (brokerList(tunnel)[0] ?? "").split(":");
  return () => ({ host, port: Number(port) });
}
