// A TCP proxy with the faults of a network: refuse, cut, swallow, hold, delay, lose answers.
import { connect, createServer, type Socket } from "node:net";

export interface TcpProxy {
  readonly port: number;
  /** Connections made so far. */
  readonly accepted: number;
  /**
   * Bytes go nowhere and connections stay open, until `heal`. Of "answers" alone: a half-open line, the server
   * hears everything and reaches nobody.
   */
  blackHole(lost?: "both" | "answers"): void;
  /** Bytes wait and arrive after `heal`, as over a line that came back before TCP gave up. */
  hold(): void;
  /** New connections and bytes pass again; connections made before `blackHole` stay dead. */
  heal(): void;
  /** New connections are reset at once; until `heal`. */
  refuse(): void;
  /** Resets every connection there is. */
  cutAll(): void;
  /** Resets the connection that has carried so many more bytes from client to server. Once. */
  cutAfterBytes(bytes: number): void;
  /** Each chunk towards the client waits so long. */
  delayAnswers(ms: number): void;
  /**
   * Asked for each request (a chunk from the client); true: the server gets it, its answer is lost and the
   * connection reset.
   */
  loseAnswerTo(pick: ((request: Uint8Array) => boolean) | undefined): void;
  close(): Promise<void>;
}

export interface TcpProxyOptions {
  /** Port on loopback to forward to. */
  port: number;
  /** Port to listen on; any free one by default. */
  listen?: number;
  /** Changes each chunk towards the client, keeping its length. */
  rewriteAnswer?: (chunk: Buffer) => Buffer;
}

interface Pair {
  client: Socket;
  server: Socket;
  /** What this connection will never carry again. */
  lost: "nothing" | "answers" | "both";
  losing: boolean;
}

/** Listens on a loopback port and forwards to `port` on loopback. */
export async function openTcpProxy(target: TcpProxyOptions): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let mode: "pass" | "hole" | "deaf" | "hold" | "refuse" = "pass";
  let accepted = 0;
  let delayMs = 0;
  let cutIn: number | undefined;
  let lose: ((request: Uint8Array) => boolean) | undefined;

  const listener = createServer((client) => {
    accepted++;
    client.on("error", () => client.destroy());
    if (mode === "refuse") {
      client.resetAndDestroy();
      return;
    }
    const server = connect(target.port, "127.0.0.1");
    const lost = mode === "hole" ? "both" : mode === "deaf" ? "answers" : "nothing";
    const pair: Pair = { client, server, lost, losing: false };
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    server.on("error", () => (pair.lost === "nothing" ? end() : server.destroy()));
    server.on("close", () => pair.lost === "nothing" && end());
    client.on("close", end);
    client.on("data", (chunk) => {
      if (pair.lost === "both") return;
      if (lose?.(chunk)) pair.losing = true;
      if (server.writable) server.write(chunk);
      if (cutIn === undefined) return;
      cutIn -= chunk.length;
      if (cutIn > 0) return;
      cutIn = undefined;
      client.resetAndDestroy();
    });
    server.on("data", (chunk) => {
      if (pair.lost !== "nothing") return;
      const answer = target.rewriteAnswer?.(chunk) ?? chunk;
      if (pair.losing) client.resetAndDestroy();
      else if (delayMs === 0) client.write(answer);
      else setTimeout(() => client.writable && client.write(answer), delayMs);
    });
    if (mode === "hold") rest(pair);
  });
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(target.listen ?? 0, "127.0.0.1", resolve);
  });
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("no port");

  return {
    port: address.port,
    get accepted() {
      return accepted;
    },
    blackHole(lost = "both") {
      mode = lost === "both" ? "hole" : "deaf";
      for (const pair of pairs) pair.lost = lost;
    },
    hold() {
      mode = "hold";
      for (const pair of pairs) rest(pair);
    },
    heal() {
      mode = "pass";
      for (const { client, server } of pairs) {
        client.resume();
        server.resume();
      }
    },
    refuse() {
      mode = "refuse";
    },
    cutAll() {
      for (const { client } of pairs) client.resetAndDestroy();
    },
    cutAfterBytes(bytes) {
      cutIn = bytes;
    },
    delayAnswers(ms) {
      delayMs = ms;
    },
    loseAnswerTo(pick) {
      lose = pick;
    },
    async close() {
      for (const { client, server } of pairs) {
        client.destroy();
        server.destroy();
      }
      await new Promise<void>((resolve) => listener.close(() => resolve()));
    },
  };
}

/** Nothing is read: what comes waits in the kernel, and the sender feels it. */
function rest({ client, server }: Pair): void {
  client.pause();
  server.pause();
}
