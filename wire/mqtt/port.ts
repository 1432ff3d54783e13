// What the rooms see of MQTT; link.ts beside this file is the only importer of mqtt.

export interface LinkOptions {
  /** mqtt://host:port or mqtts://…; TLS material by path below. */
  url: string;
  clientId: string;
  /** False: the broker keeps subscriptions and QoS 1 messages while the client is away. */
  cleanSession: boolean;
  keepaliveS: number;
  /** Longest pause before the next attempt, at least 200; default 2 s, which spreads a fleet that comes back. */
  reconnectMostMs?: number;
  /** While many messages come, reading rests so long between bursts: less work for them, so much more delay. */
  gatherMs?: number;
  /** Asked anew for every connection: a will carries the number of the connection it belongs to. */
  will?: (connection: number) => { topic: string; payload: string; qos: 0 | 1 };
  /** Default with a password: the client id. */
  username?: string;
  password?: string;
  /**
   * File with the password, alone or in a line `<user name>:<password>` among others; read anew for every connection,
   * so that a password changes without a restart.
   */
  passwordPath?: string;
  tls?: { ca?: string; cert?: string; key?: string };
}

export interface Link {
  readonly connected: boolean;
  /**
   * Number of the newest connection that came up, rising from 1 within this process. A number is skipped where an
   * attempt reached the broker and got no answer: the broker may publish that attempt's will.
   */
  readonly connection: number;
  /**
   * Hands a message to the broker. Resolves true at the broker's PUBACK (QoS 1) or when written (QoS 0), false
   * when the connection broke first or there is none: nothing is queued here, the caller's outbox is the queue.
   */
  publish(topic: string, payload: string | Uint8Array, qos: 0 | 1): Promise<boolean>;
  close(): Promise<void>;
}

export interface LinkEvents {
  /** Connected and subscribed (subscriptions are renewed on every connection). */
  up(connection: number): void;
  down(reason: string): void;
  message(topic: string, payload: Uint8Array): void;
}
