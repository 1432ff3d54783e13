// A TCP proxy with the faults of a network: refuse, cut, swallow, delay, lose answers.
import { connect, createServer, type Socket } from "node:net";

export interface TcpProxy {
  readonly port: number;
  /** Connections made so far. */
  readonly accepted: number;
  /** Bytes go nowhere, in both directions, and connections stay open; until `heal`. */
  blackHole(): void;
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

/** Listens on a free loopback port and forwards to `port` on loopback. */
export async function openTcpProxy(target: { port: number }): Promise<TcpProxy> {
  const pairs = new Set<{ client: Socket; server: Socket; dead: boolean; losing: boolean }>();
  let mode: "pass" | "hole" | "refuse" = "pass";
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
    const pair = { client, server, dead: mode === "hole", losing: false };
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    server.on("error", end);
    server.on("close", () => !pair.dead && end());
    client.on("close", end);
    client.on("data", (chunk) => {
      if (pair.dead) return;
      if (lose?.(chunk)) pair.losing = true;
      server.write(chunk);
      if (cutIn === undefined) return;
      cutIn -= chunk.length;
      if (cutIn > 0) return;
      cutIn = undefined;
      client.resetAndDestroy();
    });
    server.on("data", (chunk) => {
      if (pair.dead) return;
      if (pair.losing) client.resetAndDestroy();
      else if (delayMs === 0) client.write(chunk);
      else setTimeout(() => client.writable && client.write(chunk), delayMs);
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("no port");

  return {
    port: address.port,
    get accepted() {
      return accepted;
    },
    blackHole() {
      mode = "hole";
      for (const pair of pairs) pair.dead = true;
    },
    heal() {
      mode = "pass";
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
