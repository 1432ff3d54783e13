// The faults of the proxy as the two ends of a connection feel them.
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { fairWeather } from "../../../simulator/faults/tcp-flow.ts";
import { openTcpProxy, type TcpProxy } from "../../../simulator/faults/tcp-proxy.ts";
import { eventually } from "../../support/live-fleet.ts";

const afterwards: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of afterwards.splice(0).reverse()) await step();
});

/** A server that answers what it hears, in capitals, behind a proxy; and a client of it. */
async function echo() {
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
  const proxy = await openTcpProxy({ port: address.port });
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

const gone = (socket: Socket) => new Promise<unknown>((resolve) => socket.once("close", resolve));
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

test("over a slow line everything comes later, whole and in order, its end included", async () => {
  const { proxy, heard } = await echo();
  const slow = await dial(proxy);
  proxy.weather({ delayMs: 80, lossPercent: 0 });
  const text = Array.from({ length: 200 }, (_, i) => `${i} `).join("");
  const began = performance.now();
  for (const word of text.split(/(?<= )/)) slow.socket.write(word);
  slow.socket.end();
  await gone(slow.socket);
  expect([heard(), slow.got()]).toEqual([text, text]);
  expect(performance.now() - began).toBeGreaterThanOrEqual(160);
});

test("on a lossy line bytes stall and none is missing or out of place", async () => {
  const { proxy, heard, client } = await echo();
  proxy.weather({ delayMs: 0, lossPercent: 60 });
  const began = performance.now();
  let text = "";
  for (let i = 0; i < 30; i++) {
    const word = `${i} `;
    text += word;
    client.socket.write(word);
    await new Promise((resolve) => setTimeout(resolve, 5)); // chunks of their own
  }
  await is("all of it", () => client.got() === text);
  expect(heard()).toBe(text);
  // 30 chunks each way at 60 %: that none of them waited 200 ms does not happen.
  expect(performance.now() - began).toBeGreaterThanOrEqual(200);
  proxy.weather(fairWeather);
  const healed = performance.now();
  client.socket.write("!");
  await is("the last byte", () => client.got() === `${text}!`);
  expect(performance.now() - healed).toBeLessThan(1_500);
});

test("what a line swallowed is told at once by a reset, when wanted", async () => {
  const { proxy, client } = await echo();
  proxy.blackHole();
  client.socket.write("a");
  proxy.heal();
  const closed = gone(client.socket);
  proxy.cutDead();
  await closed;
  const fresh = await dial(proxy);
  fresh.socket.write("b");
  await is("a new connection is answered", () => fresh.got() === "B");
});

test("in a black hole the server does not hear that its client went away", async () => {
  const ends: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", () => {});
    socket.on("close", () => ends.push("gone"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterwards.push(() => server.close());
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no port");
  const proxy = await openTcpProxy({ port: address.port });
  afterwards.push(() => proxy.close());
  const { socket } = await dial(proxy);
  socket.write("a");
  proxy.blackHole();
  const closed = gone(socket);
  socket.destroy();
  await closed;
  const other = await dial(proxy); // a round trip through the proxy's loop
  expect(ends).toEqual([]);
  proxy.heal();
  await is("it is told when the line is back", () => ends.length > 0);
  other.socket.destroy();
});

test("a server that is not there resets the connection", async () => {
  const nobody = createServer();
  await new Promise<void>((resolve) => nobody.listen(0, "127.0.0.1", resolve));
  const address = nobody.address();
  if (typeof address !== "object" || !address) throw new Error("no port");
  await new Promise((resolve) => nobody.close(resolve));
  const proxy = await openTcpProxy({ port: address.port });
  afterwards.push(() => proxy.close());
  const { socket } = await dial(proxy);
  await gone(socket);
});
