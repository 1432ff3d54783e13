// A TCP proxy with the faults of a network: refuse, cut, swallow, hold, delay, lose, lose answers.
//
// 1. A byte that passes keeps its place in the order of its direction.
// 2. A connection that has swallowed a byte never carries one again: what TCP could not repeat is no stream.
import { connect, createServer, type Socket } from "node:net";
import { type Flow, fairWeather, openFlow, type Weather } from "./tcp-flow.ts";

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
  /** Resets those that have swallowed bytes: their ends learn at once what they would learn by a time-out. */
  cutDead(): void;
  /** Resets the connection that has carried so many more bytes from client to server, or back. Once. */
  cutAfterBytes(bytes: number, of?: "requests" | "answers"): void;
  /** Each chunk towards the client waits so long. */
  delayAnswers(ms: number): void;
  /** Both ways, for what is read from now on. */
  weather(weather: Weather): void;
  /**
   * Asked for each request (a chunk from the client); true: the server gets it, its answer is lost and the
   * connection reset.
   */
  loseAnswerTo(pick: ((request: Uint8Array) => boolean) | undefined): void;
  close(): Promise<void>;
}

export interface TcpProxyOptions {
  /** Where to forward to; loopback by default. */
  host?: string;
  port: number;
  /** Port to listen on; any free one by default. */
  listen?: number;
  /** Address to listen on; loopback by default. */
  listenHost?: string;
}

type Lost = "nothing" | "answers" | "both";

interface Pair {
  client: Socket;
  server: Socket;
  up: Flow;
  down: Flow;
  /** What this connection will never carry again. */
  lost: Lost;
  losing: boolean;
}

const loopback = "127.0.0.1";

/** Listens and forwards, each connection by one of its own. */
export async function openTcpProxy(target: TcpProxyOptions): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let mode: "pass" | "hole" | "deaf" | "hold" | "refuse" = "pass";
  let accepted = 0;
  let upWeather = fairWeather;
  let downWeather = fairWeather;
  const cutIn: { requests?: number; answers?: number } = {};
  let lose: ((request: Uint8Array) => boolean) | undefined;

  const dial = (client: Socket): Pair => {
    const server = connect({
      host: target.host ?? loopback,
      port: target.port,
      noDelay: true,
      allowHalfOpen: true,
    });
    return {
      client,
      server,
      up: openFlow(client, server, () => upWeather),
      down: openFlow(server, client, () => downWeather),
      lost: mode === "hole" ? "both" : mode === "deaf" ? "answers" : "nothing",
      losing: false,
    };
  };
  const countCut = (pair: Pair, chunk: Buffer, of: "requests" | "answers") => {
    const left = cutIn[of];
    if (left === undefined) return;
    cutIn[of] = left - chunk.length;
    if (left > chunk.length) return;
    delete cutIn[of];
    if (of === "answers") pair.client.destroySoon();
    else pair.client.resetAndDestroy();
  };
  const onRequest = (pair: Pair, chunk: Buffer) => {
    if (pair.lost === "both") return;
    if (lose?.(chunk)) pair.losing = true;
    pair.up.take(chunk);
    countCut(pair, chunk, "requests");
  };
  const onAnswer = (pair: Pair, chunk: Buffer) => {
    if (pair.lost !== "nothing") return;
    if (pair.losing) return void pair.client.resetAndDestroy();
    const left = cutIn.answers;
    // What is beyond the cut does not arrive.
    pair.down.take(left !== undefined && left < chunk.length ? chunk.subarray(0, left) : chunk);
    countCut(pair, chunk, "answers");
  };
  const wire = (pair: Pair) => {
    const { client, server } = pair;
    client.on("data", (chunk) => onRequest(pair, chunk));
    server.on("data", (chunk) => onAnswer(pair, chunk));
    client.on("end", () => (pair.lost === "both" ? client.destroy() : pair.up.end()));
    server.on("end", () => (pair.lost === "nothing" ? pair.down.end() : server.destroy()));
    client.on("error", () => client.destroy());
    server.on("error", () => server.destroy());
    // An orderly end has gone through the flows; any other reaches the other end too, unless the line is dead.
    client.on("close", () => {
      const passes = pair.lost !== "both";
      if (passes && client.readableEnded && !server.writableFinished)
        server.once("finish", () => server.destroy()); // its last bytes may still be on their way
      else if (passes || mode === "pass") server.destroy();
      if (server.closed) pairs.delete(pair);
    });
    server.on("close", (broke) => {
      if (pair.lost === "nothing" && broke) client.resetAndDestroy();
      else if (pair.lost === "nothing" && !server.readableEnded) client.destroy();
      else if (pair.lost !== "nothing" && mode === "pass") client.resetAndDestroy();
      if (client.closed) pairs.delete(pair);
    });
  };
  const listener = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    accepted++;
    if (mode === "refuse") {
      client.on("error", () => client.destroy());
      client.resetAndDestroy();
      return;
    }
    const pair = dial(client);
    pairs.add(pair);
    wire(pair);
    if (mode === "hold") hold(pair, true);
  });
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(target.listen ?? 0, target.listenHost ?? loopback, resolve);
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
      for (const pair of pairs) if (pair.lost !== "both") pair.lost = lost;
    },
    hold() {
      mode = "hold";
      for (const pair of pairs) hold(pair, true);
    },
    heal() {
      mode = "pass";
      for (const pair of pairs) {
        hold(pair, false);
        // Whose other end went away unheard is told now that the network is back.
        if (pair.client.closed) pair.server.resetAndDestroy();
        if (pair.server.closed) pair.client.resetAndDestroy();
      }
    },
    refuse() {
      mode = "refuse";
    },
    cutAll() {
      for (const { client } of pairs) client.resetAndDestroy();
    },
    cutDead() {
      for (const { client, server, lost } of pairs) {
        if (lost === "nothing") continue;
        client.resetAndDestroy();
        server.resetAndDestroy();
      }
    },
    cutAfterBytes(bytes, of = "requests") {
      cutIn[of] = bytes;
    },
    delayAnswers(ms) {
      downWeather = { ...downWeather, delayMs: ms };
    },
    weather(weather) {
      upWeather = weather;
      downWeather = weather;
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
function hold({ up, down }: Pair, held: boolean): void {
  up.hold(held);
  down.hold(held);
}
