// The MQTT broker of the local default: aedes on a TCP port, with the limits that keep one bad client from
// harming the others. It speaks MQTT 3.1.1 and keeps sessions in memory only: the devices' outboxes are what counts.
import { createServer, type Socket } from "node:net";
import { Aedes, type AuthenticateError, type Client } from "aedes";
import { maxEnvelopeBytes } from "../../../wire/messages/index.ts";
import { errorText, type Log } from "../../../wire/process/log.ts";
import { packetGauge } from "./packet-gauge.ts";
import { mayUse, refusal } from "./rules.ts";

export interface BrokerOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  /** Lets in clients that are neither device nor bridge. */
  open: boolean;
  /** How long messages for an absent client's kept session are queued; default 60 s. */
  queueExpiryMs?: number;
}

export interface Broker {
  readonly port: number;
  close(): Promise<void>;
}

/** Room for the header and the longest topic beside the largest envelope. */
export const maxPacketBytes = maxEnvelopeBytes + 1_024;

/** Resolves when it listens; rejects with the listening error (EADDRINUSE …). */
export async function openBroker(options: BrokerOptions, log: Log): Promise<Broker> {
  const refusals = new WeakMap<Client, string>();
  const aedes = await Aedes.createBroker({
    // One subscriber that stops reading would otherwise stop every delivery.
    drainTimeout: 2_000,
    connectTimeout: 5_000,
    preConnect: (client, packet, done) => {
      const why = refusal(packet.clientId, packet.will?.topic, options.open);
      if (why) refusals.set(client, why);
      done(null, true);
    },
    authenticate: (client, _username, _password, done) => {
      const why = refusals.get(client);
      if (!why) return done(null, true);
      const error: AuthenticateError = Object.assign(new Error(why), { returnCode: 5 });
      done(error, false);
    },
    authorizePublish: (client, packet, done) => {
      const allowed = client && mayUse(client.id, "publish", packet.topic, options.open);
      done(allowed ? null : new Error(`may not publish to ${packet.topic}`));
    },
    authorizeSubscribe: (client, subscription, done) => {
      const allowed = mayUse(client.id, "subscribe", subscription.topic, options.open);
      if (!allowed) log.warn(`${client.id} may not subscribe to ${subscription.topic}`);
      done(null, allowed ? subscription : null);
    },
  });
  aedes.on("clientError", (client, error) => log.warn(`${client.id}: ${errorText(error)}`));
  aedes.on("connectionError", (_client, error) => log.warn(`connection: ${errorText(error)}`));
  const stopExpiry = expireQueues(aedes, options.queueExpiryMs ?? 60_000, log);

  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    limitPackets(socket, aedes.handle(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : options.port,
    close: async () => {
      stopExpiry();
      const closed = new Promise((resolve) => server.close(resolve));
      await new Promise<void>((resolve) => aedes.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** A `data` listener beside aedes's `readable` one sees each chunk as it is read, before it is parsed. */
function limitPackets(socket: Socket, client: Client): void {
  const oversize = packetGauge(maxPacketBytes);
  socket.on("data", (chunk: Buffer) => {
    const size = oversize(chunk);
    if (size === undefined) return;
    client.emit("error", new Error(`packet of ${size} bytes, at most ${maxPacketBytes} allowed: cut`));
  });
}

/** The part of aedes's store (missing in its types) by which a queue is emptied. */
interface QueueStore {
  outgoingStream(client: { id: string }): AsyncIterable<object>;
  outgoingClearMessageId(client: { id: string }, packet: object): Promise<unknown>;
}

/**
 * Empties, again and again, the queue of a kept session whose client stays away: memory stays bounded, and what
 * was in it the devices send again. (`Client.emptyOutgoingQueue` of aedes 1.2 stalls after 32 messages.)
 */
function expireQueues(aedes: Aedes, everyMs: number, log: Log): () => void {
  const { persistence } = aedes as unknown as { persistence: QueueStore };
  const timers = new Map<string, NodeJS.Timeout>();
  const empty = async ({ id }: Client) => {
    let dropped = 0;
    for await (const packet of persistence.outgoingStream({ id })) {
      await persistence.outgoingClearMessageId({ id }, packet);
      dropped += 1;
    }
    if (dropped > 0) log.info(`dropped ${dropped} messages queued for ${id}, which stays away`);
  };
  const back = (client: Client) => {
    clearInterval(timers.get(client.id));
    timers.delete(client.id);
  };
  aedes.on("client", back);
  aedes.on("clientDisconnect", (client) => {
    if (client.clean || aedes.closed) return;
    back(client);
    timers.set(client.id, setInterval(() => void empty(client), everyMs).unref());
  });
  return () => {
    for (const timer of timers.values()) clearInterval(timer);
  };
}
