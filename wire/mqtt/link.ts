// The one importer of mqtt: a link that comes back by itself, for ever, and keeps nothing.
//
// 1. Every connection is a client of its own: a reconnecting mqtt.js client would keep an offline queue and
//    resend what it stored, while here the caller's outbox is the only queue; what was not acknowledged when a
//    connection broke is reported as not handed over.
// 2. `up` is told after the broker granted every subscription: an answer to anything published then is heard.
// 3. A connection number stands in at most one CONNECT that may have reached a broker: an attempt whose TCP
//    connection was made uses its number up, for the broker may publish that attempt's will.
import { type IClientOptions, MqttClient } from "mqtt";
import { errorText, type Log } from "../process/log.ts";
import { gatherOn } from "./gather.ts";
import { passwordOf } from "./password.ts";
import type { Link, LinkEvents, LinkOptions } from "./port.ts";
import { brokerName, openStream } from "./stream.ts";
import { openTurnWriter } from "./turn-writer.ts";

export interface Subscription {
  topic: string;
  qos: 0 | 1;
}

/** From the start of an attempt to the last SUBACK. */
const handshakeMs = 5_000;
const reconnectMs = { least: 200, most: 2_000 };
/** A broker that is not taken for gone yet may leave this much unacknowledged or unwritten; more is refused. */
const maxInFlight = 10_000;
const maxUnwrittenBytes = 8_000_000;
const disconnectWithinMs = 1_000;
const acknowledgedHere = new Error("acknowledged here");

interface Connection {
  publish(topic: string, payload: string | Uint8Array, qos: 0 | 1): Promise<boolean>;
  close(): Promise<void>;
}

interface ConnectionEvents {
  /** TCP stands: the broker may have read the CONNECT. */
  reached(): void;
  up(): void;
  ended(reason: string): void;
  message(topic: string, payload: Uint8Array): void;
}

/**
 * Opens a link and keeps it open until `close()`. Messages of a kept session may arrive before `up`. Throws when
 * the options can never work (the URL's scheme, TLS material without mqtts).
 */
export function openLink(
  options: LinkOptions,
  subscriptions: readonly Subscription[],
  events: LinkEvents,
  log: Log,
): Link {
  const broker = brokerName(options);
  let used = 0;
  let upNumber = 0;
  let isUp = false;
  let complaint = "";
  let current: Connection | undefined;
  let retry: NodeJS.Timeout | undefined;
  let closing: Promise<void> | undefined;

  const ended = (reason: string) => {
    current = undefined;
    if (isUp) {
      isUp = false;
      if (!closing) log.warn(`connection ${upNumber} to ${broker} broke: ${reason}`);
      events.down(reason);
    } else if (reason !== complaint && !closing) {
      complaint = reason;
      log.warn(`no connection to ${broker}: ${reason}; trying on`);
    }
    if (closing) return;
    const { least } = reconnectMs;
    const most = Math.max(least, options.reconnectMostMs ?? reconnectMs.most);
    retry = setTimeout(connect, least + Math.random() * (most - least));
  };
  const connect = () => {
    retry = undefined;
    const number = used + 1;
    const hooks: ConnectionEvents = {
      reached: () => {
        used = number;
      },
      up: () => {
        isUp = true;
        upNumber = number;
        complaint = "";
        log.info(`connected to ${broker} (connection ${number})`);
        events.up(number);
      },
      ended,
      message: events.message,
    };
    try {
      current = openConnection(options, number, subscriptions, hooks);
    } catch (error) {
      // A certificate or password that cannot be read now may be readable after the next rotation.
      ended(errorText(error));
    }
  };
  connect();

  return {
    get connected() {
      return isUp;
    },
    get connection() {
      return upNumber;
    },
    publish: (topic, payload, qos) =>
      isUp && current && !closing ? current.publish(topic, payload, qos) : Promise.resolve(false),
    close: () => {
      clearTimeout(retry);
      closing ??= current ? current.close() : Promise.resolve();
      return closing;
    },
  };
}

/** One connection from CONNECT to its end; `ended` is told exactly once. */
function openConnection(
  options: LinkOptions,
  number: number,
  subscriptions: readonly Subscription[],
  events: ConnectionEvents,
): Connection {
  const client = new MqttClient(() => openStream(options), clientOptions(options, number));
  const writer = openTurnWriter(client.stream);
  // mqtt.js would write a PUBACK by itself; told of an error it leaves that to us, and goes on.
  client.handleMessage = ({ qos, messageId }, done) => {
    if (qos !== 1 || messageId === undefined) return done();
    writer.puback(messageId);
    done(acknowledgedHere);
  };
  const pending = new Set<(taken: boolean) => void>();
  let reason: string | undefined;
  const cut = (why: string) => {
    reason ??= why;
    client.stream.destroy();
  };
  const handshake = setTimeout(() => cut(`no answer within ${handshakeMs} ms`), handshakeMs);
  const over = new Promise<void>((resolve) => {
    client.once("close", () => {
      clearTimeout(handshake);
      for (const settle of [...pending]) settle(false);
      resolve();
      events.ended(reason ?? "closed by the broker");
    });
  });
  const up = () => {
    clearTimeout(handshake);
    events.up();
  };
  client.stream.once("connect", events.reached);
  client.on("error", (error) => cut(errorText(error)));
  const gather = options.gatherMs === undefined ? undefined : gatherOn(client.stream, options.gatherMs);
  client.on("message", (topic, payload) => {
    events.message(topic, payload);
    gather?.();
  });
  client.on("connect", () => {
    if (subscriptions.length === 0) return up();
    subscribe(client, subscriptions, (error) => (error ? cut(error.message) : up()));
  });

  return {
    publish: (topic, payload, qos) => {
      const unwritten = client.stream.writableLength + writer.waitingBytes;
      if (pending.size >= maxInFlight || unwritten > maxUnwrittenBytes) return Promise.resolve(false);
      if (qos === 0) return writer.publish(topic, payload);
      writer.flush();
      return new Promise((resolve) => {
        const settle = (taken: boolean) => {
          if (pending.delete(settle)) resolve(taken);
        };
        pending.add(settle);
        client.publish(topic, asBuffer(payload), { qos }, (error) => settle(!error));
      });
    },
    close: () => {
      reason ??= "closed here";
      const patience = setTimeout(() => client.stream.destroy(), disconnectWithinMs);
      writer.flush();
      // Before CONNACK there is no session to leave in order.
      client.end(!client.connected);
      return over.finally(() => clearTimeout(patience));
    },
  };
}

function subscribe(
  client: MqttClient,
  subscriptions: readonly Subscription[],
  done: (error: Error | null) => void,
): void {
  const wanted = Object.fromEntries(subscriptions.map(({ topic, qos }) => [topic, { qos }]));
  client.subscribe(wanted, (error) => {
    const topics = Object.keys(wanted).join(", ");
    done(error ? new Error(`subscription to ${topics} refused: ${error.message}`) : null);
  });
}

function clientOptions(options: LinkOptions, number: number): IClientOptions {
  const url = new URL(options.url);
  const password = passwordOf(options) ?? decodeURIComponent(url.password);
  const username = options.username ?? (decodeURIComponent(url.username) || (password && options.clientId));
  const will = options.will?.(number);
  return {
    protocolVersion: 4,
    clientId: options.clientId,
    clean: options.cleanSession,
    keepalive: options.keepaliveS,
    reconnectPeriod: 0,
    connectTimeout: handshakeMs,
    // Two dozen calls a packet, each of them only to find out that nobody wants its line.
    log: () => {},
    queueQoSZero: false,
    resubscribe: false,
    // A table of all 65,536 packet ids as buffers: 22 MB to save some nanoseconds per packet.
    writeCache: false,
    ...(username && { username }),
    ...(password && { password }),
    ...(will && { will: { ...will, payload: Buffer.from(will.payload), retain: false } }),
  };
}

function asBuffer(payload: string | Uint8Array): string | Buffer {
  return typeof payload === "string"
    ? payload
    : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
}
