// One client connection: requests are served one after the other, each answered before the next is looked at. A
// request that waits (long poll, rebalance) holds up its own connection only.
import type { Socket } from "node:net";
import { errorText } from "../../../wire/process/log.ts";
import type { Body, Broker, Call } from "./api/api.ts";
import { apiVersionsKey } from "./api/api-versions.ts";
import { apis } from "./api/index.ts";
import { Frames } from "./codec/frames.ts";
import { MalformedRequest, Reader } from "./codec/reader.ts";
import { Writer } from "./codec/writer.ts";

/** Requests read ahead before the socket is left alone; TCP then slows the client down. */
const mostQueued = 64;

export interface Address {
  host: string;
  port: number;
}

/** Serves the socket until it ends. Bytes that are no request end this connection and no other. */
export function serve(socket: Socket, broker: Broker, address: Address, mostRequestBytes: number): void {
  const frames = new Frames(mostRequestBytes);
  const queue: Buffer[] = [];
  const closers = new Set<() => void>();
  const peer = `${socket.remoteAddress}:${socket.remotePort}`;
  let busy = false;
  socket.setNoDelay(true);
  const onClose = (run: () => void) => {
    closers.add(run);
    return () => closers.delete(run);
  };
  const giveUp = (error: unknown) => {
    const isTheirs = error instanceof MalformedRequest;
    broker.warn(
      `connection from ${peer} closed: ${isTheirs ? error.message : `broken: ${(error as Error)?.stack}`}`,
    );
    socket.destroy();
  };

  const work = async () => {
    busy = true;
    for (let frame = queue.shift(); frame && !socket.destroyed; frame = queue.shift()) {
      if (queue.length === mostQueued / 2) socket.resume();
      const response = await answer(frame, broker, {
        clientHost: `/${socket.remoteAddress}`,
        ...address,
        onClose,
      });
      if (response && !socket.destroyed && !send(socket, response)) await drained(socket, onClose);
    }
    busy = false;
  };

  socket.on("data", (chunk: Buffer) => {
    try {
      queue.push(...frames.push(chunk));
    } catch (error) {
      return giveUp(error);
    }
    if (queue.length >= mostQueued) socket.pause();
    if (!busy) work().catch(giveUp);
  });
  socket.on("error", (error) => {
    const isUsual = "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
    if (!isUsual) broker.warn(`connection from ${peer}: ${errorText(error)}`);
  });
  socket.on("close", () => {
    queue.length = 0;
    for (const run of [...closers]) run();
    closers.clear();
  });
}

/** The whole response, length first; undefined when none is due. */
async function answer(
  frame: Buffer,
  broker: Broker,
  caller: Omit<Call, "version" | "clientId">,
): Promise<readonly Buffer[] | undefined> {
  const reader = new Reader(frame);
  const key = reader.int16();
  const version = reader.int16();
  const correlationId = reader.int32();
  const api = apis.get(key);
  const isServed = api && version >= api.least && version <= api.most;
  if (!api || (!isServed && key !== apiVersionsKey))
    throw new MalformedRequest(`${api?.name ?? `API ${key}`} version ${version} is not served`);
  const clientId = reader.nullableString() ?? "";
  const body: Body | undefined = await api.handle(reader, { ...caller, version, clientId }, broker);
  if (!body) return undefined;
  const writer = new Writer();
  body(writer.int32(correlationId));
  const length = Buffer.allocUnsafe(4);
  length.writeInt32BE(writer.size, 0);
  return [length, ...writer.finish()];
}

/** False when the client reads too slowly and the rest has to wait. */
function send(socket: Socket, parts: readonly Buffer[]): boolean {
  socket.cork();
  let isRoom = true;
  for (const part of parts) isRoom = socket.write(part);
  socket.uncork();
  return isRoom;
}

function drained(socket: Socket, onClose: Call["onClose"]): Promise<void> {
  return new Promise((resolve) => {
    const undo = onClose(resolve);
    socket.once("drain", () => {
      undo();
      resolve();
    });
  });
}
