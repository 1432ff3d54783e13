// What tests of the MQTT line share: waiting for a condition with a bound, and a TCP proxy that can go bad.
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** Resolves when `holds` does; fails after `withinMs`, naming what was awaited. */
export async function until(what: string, holds: () => boolean, withinMs = 5_000): Promise<void> {
  // Patience for a busy machine; a quiet one passes at once.
  const end = performance.now() + withinMs * 3;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`${what}: not within ${withinMs} ms`);
    await delay(5);
  }
}

export interface Proxy {
  readonly port: number;
  /** pass: both ways; hole: swallows both ways and keeps the sockets; mute: only towards the server. */
  mode: "pass" | "hole" | "mute";
  /** Breaks every connection without a word. */
  cut(): void;
  close(): Promise<void>;
}

export async function openProxy(targetPort: () => number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(targetPort(), "127.0.0.1");
    for (const [from, to, passes] of [
      [near, far, () => proxy.mode !== "hole"],
      [far, near, () => proxy.mode === "pass"],
    ] as const) {
      sockets.add(from);
      from.on("data", (chunk) => passes() && to.write(chunk));
      from.on("error", () => to.destroy());
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no port");
  const proxy: Proxy = {
    port: address.port,
    mode: "pass",
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      proxy.cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

/** MQTT 3.1.1 CONNECT with a user name and a password that is none of it. */
export function wrongPassword(name: string): Buffer {
  const text = (value: string) => {
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
  };
  const body = Buffer.concat([
    text("MQTT"),
    Buffer.from([4, 0xc2, 0, 10]),
    ...[name, name, "wrong"].map(text),
  ]);
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}
