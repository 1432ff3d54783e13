// The engine's side of the local socket: answers "how are you" at once, and can do the engine no harm.
//
// 1. Nothing thrown here reaches the engine's loop; at most four connections, the newest displaces the oldest
//    (a monitor killed in mid-connection must not lock its successor out).
// 2. The socket file appears by rename, complete with its rights; a stale one is replaced, nothing else is.
import { chmod, lstat, mkdir, rename, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { parseJson } from "../../wire/messages/index.ts";
import { errorText, type Log } from "../../wire/process/log.ts";
import {
  type HealthReply,
  HealthRequest,
  lineCutter,
  maxRequestBytes,
  type NumberedReply,
} from "./protocol.ts";

const maxConnections = 4;
/** Linux takes 107 bytes; the name under which the socket is made is longer than its final one. */
const maxPathBytes = 95;

export interface HealthServer {
  close(): Promise<void>;
}

/**
 * Serves `reply()` on a unix socket at `path`; its folder is made 0750 when missing. Rejects when the path is too
 * long, cannot be made, or holds something that is no socket.
 */
export async function serveHealth(path: string, reply: () => HealthReply, log: Log): Promise<HealthServer> {
  if (Buffer.byteLength(path) > maxPathBytes)
    throw new Error(`health socket path longer than ${maxPathBytes} bytes: ${path}`);
  await makeFolder(dirname(path));
  const present = await lstat(path).catch(() => undefined);
  if (present && !present.isSocket()) throw new Error(`${path} exists and is no socket`);

  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    const [oldest] = connections;
    if (oldest && connections.size >= maxConnections) oldest.destroy();
    if (oldest?.destroyed) connections.delete(oldest);
    connections.add(socket);
    socket.on("close", () => connections.delete(socket));
    socket.on("error", (error) => log.debug(`health connection: ${error.message}`));
    answerOn(socket, reply, log);
  });
  const making = `${path}.${process.pid}`;
  await rm(making, { force: true });
  await listen(server, making);
  server.on("error", (error) => log.error(`health socket: ${error.message}`));
  await chmod(making, 0o660);
  await rename(making, path);
  const own = await lstat(path);

  return {
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of connections) socket.destroy();
      await closed;
      const now = await lstat(path).catch(() => undefined);
      if (now?.ino === own.ino) await rm(path, { force: true });
    },
  };
}

function answerOn(socket: Socket, reply: () => HealthReply, log: Log): void {
  const cut = lineCutter(maxRequestBytes);
  socket.on("data", (chunk: Buffer) => {
    const lines = cut(chunk);
    if (lines === null) {
      log.warn(`health request above ${maxRequestBytes} bytes: connection cut`);
      socket.destroy();
      return;
    }
    for (const line of lines) {
      if (socket.destroyed) return;
      const answer = answerTo(line, reply);
      if (answer.ok) socket.write(`${JSON.stringify(answer.value)}\n`);
      else {
        log.warn(`health request not answered: ${answer.reason}`);
        socket.destroy();
      }
    }
    // A client that asks without reading must not fill memory.
    if (socket.writableLength > 64_000) socket.destroy();
  });
}

function answerTo(
  line: string,
  reply: () => HealthReply,
): { ok: true; value: NumberedReply } | { ok: false; reason: string } {
  const request = parseJson(HealthRequest, line);
  if (!request.ok) return request;
  try {
    return { ok: true, value: { n: request.value.n, ...reply() } };
  } catch (error) {
    return { ok: false, reason: errorText(error) };
  }
}

async function makeFolder(folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true });
  // Only a folder of our own making: the mode given to mkdir would pass through the umask.
  if (made !== undefined) await chmod(folder, 0o750);
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
