// The faults of the proxy as the two ends of a connection feel them.
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { openTcpProxy, type TcpProxy } from "../../../simulator/faults/tcp-proxy.ts";
import { eventually } from "../../support/live-fleet.ts";

const afterwards: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of afterwards.splice(0).reverse()) await step();
});

/** A server that answers what it hears, in capitals, behind a proxy; and a client of it. */
async function echo(rewriteAnswer?: (chunk: Buffer) => Buffer) {
  let heard = "";
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      heard += chunk.toString();
      socket.write(chunk.toString().toUpperCase());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterwards.push(() => server.close());
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no port");
  const proxy = await openTcpProxy({ port: address.port, ...(rewriteAnswer && { rewriteAnswer }) });
  afterwards.push(() => proxy.close());
  return { proxy, heard: () => heard, client: await dial(proxy) };
}

async function dial(proxy: TcpProxy): Promise<{ socket: Socket; got: () => string }> {
  let got = "";
  const socket = connect(proxy.port, "127.0.0.1");
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    got += chunk.toString();
  });
  await once(socket, "connect");
  afterwards.push(() => socket.destroy());
  return { socket, got: () => got };
}

const is = (what: string, look: () => boolean) => eventually(what, () => look() || undefined, 5_000);

test("what is held arrives when the line is mended, in order", async () => {
  const { proxy, heard, client } = await echo();
  client.socket.write("a");
  await is("a passes", () => client.got() === "A");
  proxy.hold();
  client.socket.write("b");
  client.socket.write("c");
  const late = await dial(proxy);
  late.socket.write("x");
  expect(heard()).toBe("a");
  proxy.heal();
  await is("b and c arrive", () => client.got() === "ABC");
  await is("a connection made meanwhile works too", () => late.got() === "X");
});

test("a half-open line is heard and not answered, and stays dead when new ones live", async () => {
  const { proxy, heard, client } = await echo();
  proxy.blackHole("answers");
  client.socket.write("a");
  await is("a is heard", () => heard() === "a");
  proxy.heal();
  client.socket.write("b");
  await is("b is heard", () => heard() === "ab");
  const fresh = await dial(proxy);
  fresh.socket.write("c");
  await is("a new connection is answered", () => fresh.got() === "C");
  expect(client.got()).toBe("");
});

test("a black hole swallows both ways and closes nothing", async () => {
  const { proxy, heard, client } = await echo();
  proxy.blackHole();
  client.socket.write("a");
  proxy.heal();
  const fresh = await dial(proxy);
  fresh.socket.write("b");
  await is("a new connection is answered", () => fresh.got() === "B");
  expect([heard(), client.socket.destroyed]).toEqual(["b", false]);
});

test("answers can be rewritten on their way", async () => {
  const { client } = await echo((chunk) => Buffer.from(chunk.toString().replaceAll("A", "Z")));
  client.socket.write("banana");
  await is("the answer", () => client.got() === "BZNZNZ");
});
