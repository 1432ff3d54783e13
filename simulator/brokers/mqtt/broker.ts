// The MQTT broker of the local default: aedes on a TCP port, with the limits that keep one bad client from
// harming the others. It speaks MQTT 3.1.1 and keeps sessions in memory only: the devices' outboxes are what counts.
import { createServer, Socket } from "node:net";
import { Aedes, type Client } from "aedes";
import { maxEnvelopeBytes } from "../../../wire/messages/index.ts";
import { errorText, type Log } from "../../../wire/process/log.ts";
import { type Access, type Given, openAdmission } from "./admission.ts";
import { newcomers } from "./newcomers.rules.ts";
import { packetGauge } from "./packet-gauge.ts";
import { mayUse } from "./rules.ts";
import { toldOnce } from "./told-once.ts";

export type BrokerOptions = {
  host: string;
  /** 0: any free port. */
  port: number;
  /** How long messages for an absent client's kept session are queued; default 60 s. */
  queueExpiryMs?: number;
} & Access;

export interface Broker {
  readonly port: number;
  close(): Promise<void>;
}

/** Room for the header and the longest topic beside the largest envelope. */
export const maxPacketBytes = maxEnvelopeBytes + 1_024;

/**
 * Resolves when it listens; rejects with the listening error (EADDRINUSE …), or with that of a clients' file which
 * cannot be read.
 */
export async function openBroker(options: BrokerOptions, log: Log): Promise<Broker> {
  const tell = toldOnce(log);
  const arriving = newcomers();
  const wills = new WeakMap<Client, string>();
  const aedes = await Aedes.createBroker({
    // One subscriber that stops reading would otherwise stop every delivery.
    drainTimeout: 2_000,
    // No bound: what is beyond one waits in a queue that is worked off by recursion, and thousands of messages that nobody
    // hears (a fleet's disconnections at once) then overflow the stack. Nothing waits there now.
    concurrency: 0,
    connectTimeout: 5_000,
    preConnect: (client, packet, done) => {
      if (packet.will) wills.set(client, packet.will.topic);
      done(null, true);
    },
    authenticate: (client, username, password, done) => {
      const given: Given = {
        clientId: client.id,
        username,
        password: password?.toString(),
        willTopic: wills.get(client),
      };
      const why = admission.refusalOf(client, given);
      if (!why) return done(null, true);
      const slowMs = arriving.refused(addressOf(client), performance.now());
      if (slowMs === 0) return done(why, false);
      setTimeout(() => done(why, false), slowMs).unref();
    },
    authorizePublish: (client, packet, done) => {
      const allowed = client && mayUse(client.id, "write", packet.topic, options.open);
      done(allowed ? null : new Error(`may not publish to ${packet.topic}`));
    },
    authorizeSubscribe: (client, subscription, done) => {
      const allowed = mayUse(client.id, "read", subscription.topic, options.open);
      if (!allowed) tell.warn(`${client.id} may not subscribe to ${subscription.topic}`);
      done(null, allowed ? subscription : null);
    },
  });
  const inside = new Set<Client>();
  const admission = openAdmission(options, () => inside, log);
  aedes.on("client", (client) => inside.add(client));
  aedes.on("clientDisconnect", (client) => inside.delete(client));
  aedes.on("clientError", (client, error) => tell.warn(`${client.id}: ${errorText(error)}`));
  aedes.on("connectionError", (_client, error) => tell.warn(`connection: ${errorText(error)}`));
  const stopExpiry = expireQueues(aedes, options.queueExpiryMs ?? 60_000, log);

  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    const address = socket.remoteAddress ?? "";
    if (!arriving.arrives(address)) {
      tell.warn(`${address} has too many connections that say nothing or are refused: more are closed`);
      socket.destroy();
      return;
    }
    sockets.add(socket);
    const client = aedes.handle(socket);
    const settled = once(() => arriving.leaves(address));
    client.once("connected", settled);
    socket.once("close", () => {
      settled();
      sockets.delete(socket);
    });
    limitPackets(socket, client);
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
      admission.close();
      tell.close();
      const closed = new Promise((resolve) => server.close(resolve));
      await new Promise<void>((resolve) => aedes.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function addressOf(client: Client): string {
  return client.conn instanceof Socket ? (client.conn.remoteAddress ?? "") : "";
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
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
