// The gateway as a process, before API processes that answer, are away, or die with a request in their hands.
import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { freePorts } from "../../../simulator/servers/ports.ts";

const main = join(import.meta.dirname, "../../../simulator/functions/gateway-main.ts");
const servers: Server[] = [];
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const server of servers.splice(0)) server.closeAllConnections();
});

async function api(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** Its address, once it is ready. */
async function gateway(...apiPorts: number[]): Promise<string> {
  const [port = 0] = await freePorts(1);
  const env = { ...process.env, HTTP_PORT: String(port), API_PORTS: apiPorts.join(",") };
  const child = spawn(process.execPath, [main], { env, stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  await new Promise<void>((resolve) => {
    child.stdout?.on("data", (text) => String(text).includes("started successfully") && resolve());
  });
  return `http://127.0.0.1:${port}`;
}

const answers = (name: string): RequestListener => {
  return (request, response) => {
    request
      .resume()
      .once("end", () => response.setHeader("x-by", name).end(`${request.method} ${request.url}`));
  };
};

test("requests go to the API processes in turn, as they came", async () => {
  const at = await gateway(await api(answers("one")), await api(answers("two")));
  const by = new Set<string | null>();
  for (let i = 0; i < 4; i++) {
    const response = await fetch(`${at}/cp?state=ON`);
    expect(await response.text()).toBe("GET /cp?state=ON");
    by.add(response.headers.get("x-by"));
  }
  expect(by).toEqual(new Set(["one", "two"]));
});

test("one that is away is passed over, for whatever is asked", async () => {
  const [away = 0] = await freePorts(1);
  const at = await gateway(away, await api(answers("two")));
  for (const method of ["POST", "GET", "GET", "POST", "POST"]) {
    const response = await fetch(`${at}/x`, { method, ...(method === "POST" && { body: "{}" }) });
    expect([response.status, response.headers.get("x-by")]).toEqual([200, "two"]);
  }
});

test("what may have had an effect is repeated only where that is harmless; else the client hears of it", async () => {
  let heard = 0;
  const dying: RequestListener = (request) => {
    request.resume().once("end", () => {
      heard += 1;
      request.socket.destroy();
    });
  };
  const at = await gateway(await api(dying), await api(dying));
  const ask = async (method: string, headers: Record<string, string> = {}) => {
    heard = 0;
    const response = await fetch(`${at}/x`, { method, headers, ...(method === "POST" && { body: "{}" }) });
    expect(await response.json()).toMatchObject({ status: 502 });
    return heard;
  };
  expect(await ask("POST")).toBe(1);
  expect(await ask("POST", { "idempotency-key": "k1" })).toBe(2);
  expect(await ask("GET")).toBe(2);
});
