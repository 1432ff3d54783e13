// One device's MQTT connection with no client library below it: QoS 1 out, acknowledgements in, as cheap as sockets
// allow. Speaks to a broker of the bench and to nothing else: whatever is not expected is an error.
import { connect, type Socket } from "node:net";

export interface DeviceConnectionEvents {
  /** The broker has taken so many more packets. */
  taken(packets: number): void;
  /** A message of the topic subscribed to. */
  message(payload: Buffer): void;
}

export interface DeviceConnection {
  readonly socket: Socket;
  close(): void;
}

export interface DeviceConnectionOptions {
  port: number;
  clientId: string;
  /** Subscribed to at QoS 0; undefined: nothing. */
  topic?: string;
}

/** Resolves when the broker has let it in and granted its subscription. */
export function openDeviceConnection(
  { port, clientId, topic }: DeviceConnectionOptions,
  events: DeviceConnectionEvents,
): Promise<DeviceConnection> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    const connection: DeviceConnection = {
      socket,
      close: () => socket.end(Buffer.from([0xe0, 0])),
    };
    let rest: Buffer<ArrayBufferLike> = Buffer.alloc(0);
    const packet = (type: number, body: Buffer) => {
      switch (type) {
        case 2:
          if (body[1] !== 0) return socket.destroy(new Error(`${clientId}: refused with code ${body[1]}`));
          if (topic === undefined) return resolve(connection);
          return void socket.write(subscribePacket(topic));
        case 9:
          return resolve(connection);
        case 3:
          return events.message(body.subarray(2 + body.readUInt16BE(0)));
        default:
          return socket.destroy(new Error(`${clientId}: packet of type ${type} was not expected`));
      }
    };
    socket.on("data", (chunk) => {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      let taken = 0;
      for (;;) {
        if (bytes.length - at < 2) break;
        const type = (bytes[at] ?? 0) >> 4;
        const first = bytes[at + 1] ?? 0;
        const second = bytes[at + 2];
        if (first >= 128 && second === undefined) break;
        const head = first < 128 ? 2 : 3;
        const end = at + head + (first < 128 ? first : (first & 127) + 128 * (second ?? 0));
        if (end > bytes.length) break;
        if (type === 4) taken++;
        else packet(type, bytes.subarray(at + head, end));
        at = end;
      }
      rest = bytes.subarray(at);
      if (taken > 0) events.taken(taken);
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(`${clientId}: the broker closed the connection`)));
    socket.once("connect", () => socket.write(connectPacket(clientId)));
  });
}

function connectPacket(clientId: string): Buffer {
  const keepaliveS = 600;
  const body = Buffer.concat([
    field("MQTT"),
    Buffer.from([4, 2, keepaliveS >> 8, keepaliveS & 255]),
    field(clientId),
  ]);
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}

function subscribePacket(topic: string): Buffer {
  const body = Buffer.concat([Buffer.from([0, 1]), field(topic), Buffer.from([0])]);
  return Buffer.concat([Buffer.from([0x82, body.length]), body]);
}

function field(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
}
