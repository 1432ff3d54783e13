// Over a real port: body limits, slow clients, a taken port, and the page as a browser gets it.

import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultRateOptions } from "../../../central-fn/api/rate-limit.ts";
import { type HttpServer, serveHttp } from "../../../central-fn/api/serve.ts";
import { readPage } from "../../../central-fn/pages/built-pages.ts";
import { silentLog } from "../../../wire/process/log.ts";
import { type MadePages, makePages } from "../../support/built-pages.ts";
import { openCentral, seed, type TestCentral } from "./central.ts";

let central: TestCentral;
let server: HttpServer;
let authorization: string;
let pages: MadePages;
beforeAll(async () => {
  pages = await makePages();
  central = openCentral({ page: readPage(pages.dir, "operator") });
  await seed(central);
  server = await serveHttp(central.app, { host: "127.0.0.1", port: 0, log: silentLog });
  authorization = `Bearer ${await central.tokens.sign({ sub: "driver-alice", role: "driver", expiresInS: 60 })}`;
});
afterAll(async () => {
  await server.close();
  await central.close();
  pages.remove();
});

const path = "/drivers/driver-alice/requests";

/** Sends `bytes` without saying how many there will be; stops when the answer is there. */
function postChunked(bytes: number): Promise<{ status: number; sent: number }> {
  return new Promise((resolve, reject) => {
    const call = request(`${server.url}${path}`, { method: "POST", headers: { authorization } });
    let sent = 0;
    let answered = false;
    const chunk = Buffer.alloc(16_384, " ");
    const send = () => {
      while (!answered && sent < bytes) {
        sent += chunk.length;
        if (!call.write(chunk)) {
          call.once("drain", send);
          return;
        }
      }
      if (!answered) call.end();
    };
    call.on("response", (response) => {
      answered = true;
      resolve({ status: response.statusCode ?? 0, sent });
      response.resume();
      call.destroy();
    });
    call.on("error", (error) => (answered ? undefined : reject(error)));
    send();
  });
}

describe("a body over 64 KB", () => {
  it("is 413 when its length is told", async () => {
    const answer = await fetch(server.url + path, {
      method: "POST",
      headers: { authorization },
      body: "x".repeat(65_537),
    });
    expect(answer.status).toBe(413);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
  });

  it("is 413 when it comes in chunks, long before its end, and the API stays alive", async () => {
    const { status, sent } = await postChunked(64 * 1024 * 1024);
    expect(status).toBe(413);
    expect(sent).toBeLessThan(32 * 1024 * 1024);
    expect((await fetch(`${server.url}/cp`)).status).toBe(200);
  });

  it("is not read at all for who may not call", async () => {
    const answer = await fetch(server.url + path, { method: "POST", body: "x".repeat(65_537) });
    expect(answer.status).toBe(401);
  });

  it("at the limit is read", async () => {
    const body = JSON.stringify({ cp_id: "CP-002", vehicle_id: "VEH-001" }).padEnd(65_536);
    const answer = await fetch(server.url + path, { method: "POST", headers: { authorization }, body });
    expect(answer.status).toBe(202);
  });
});

describe("what is no request", () => {
  const told = async (bytes: string, headersWithinMs = 5_000) => {
    const strict = await serveHttp(central.app, {
      host: "127.0.0.1",
      port: 0,
      log: silentLog,
      headersWithinMs,
    });
    const socket = connect(strict.port, "127.0.0.1");
    socket.write(bytes);
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    await once(socket, "close");
    await strict.close();
    const [head = "", body = ""] = text.split("\r\n\r\n");
    return { head, problem: JSON.parse(body) as unknown };
  };

  it("is refused with problem details as well", async () => {
    const nonsense = await told("HELO central\r\n\r\n");
    expect(nonsense.head).toMatch(/^HTTP\/1.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
    expect(nonsense.problem).toEqual({
      type: "about:blank",
      title: "Bad Request",
      status: 400,
      detail: "this is no HTTP request",
      instance: "/",
    });
    const long = await told(`GET /cp HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`);
    expect(long.problem).toMatchObject({ status: 431, detail: "a request's headers end at 16384 bytes" });
    expect((await told("GET /cp HTTP/1.1\r\nHost: x\r\n", 200)).problem).toMatchObject({ status: 408 });
  });

  it("cannot hide a second request in the body of the first", async () => {
    const both =
      "POST /cp/stop HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n";
    expect((await told(`${both}0\r\n\r\nGET /cp HTTP/1.1\r\nHost: x\r\n\r\n`)).problem).toMatchObject({
      status: 400,
    });
  });
});

describe("a client that takes no answer", () => {
  it("loses its socket", async () => {
    const strict = await serveHttp(
      { fetch: () => new Response(new Uint8Array(64 * 1024 * 1024)) },
      { host: "127.0.0.1", port: 0, log: silentLog, silentMs: 400 },
    );
    const frozen = connect(strict.port, "127.0.0.1").on("error", () => {});
    frozen.write("GET /cp HTTP/1.1\r\nHost: x\r\n\r\n");
    frozen.pause();
    // It is cut at the other end: what had come so far is read, and then no more comes.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    let bytes = 0;
    frozen.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await once(frozen.resume(), "close");
    expect(bytes).toBeLessThan(64 * 1024 * 1024);
    await strict.close();
  });
});

describe("callers without a token", () => {
  it("have a budget for each address, so that one of them does not use up everybody's", async () => {
    const rates = { ...defaultRateOptions.rates, public: { perS: 0.01, atOnce: 2 } };
    const tight = openCentral({ rate: { ...defaultRateOptions, rates } });
    const own = await serveHttp(tight.app, { host: "0.0.0.0", port: 0, log: silentLog });
    const statusFrom = (localAddress: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const call = request({ host: "127.0.0.1", port: own.port, path: "/cp", localAddress, agent: false });
        call.on("error", reject).on("response", (answer) => resolve(answer.resume().statusCode));
        call.end();
      });
    const greedy = [];
    for (let n = 0; n < 3; n++) greedy.push(await statusFrom("127.0.0.2"));
    expect(greedy).toEqual([200, 200, 429]);
    expect(await statusFrom("127.0.0.3")).toBe(200);
    await own.close();
    await tight.close();
  });
});

describe("sockets", () => {
  it("beyond those that there may be are closed as they come, the others stay", async () => {
    const few = await serveHttp(central.app, { host: "127.0.0.1", port: 0, log: silentLog, sockets: 2 });
    const open = () => connect(few.port, "127.0.0.1").on("error", () => {});
    const [first, second] = [open(), open()];
    await Promise.all([once(first, "connect"), once(second, "connect")]);
    await once(open().resume(), "close");
    first.write("GET /cp HTTP/1.1\r\nHost: x\r\n\r\n");
    const [answer] = (await once(first, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 200 OK/);
    first.destroy();
    second.destroy();
    await few.close();
  });
});

describe("a port", () => {
  it("that is taken is one line that says what to do", async () => {
    const again = serveHttp(central.app, { host: "127.0.0.1", port: server.port, log: silentLog });
    await expect(again).rejects.toThrow(
      new RegExp(
        `^port ${server.port} on 127\\.0\\.0\\.1 is taken: stop what listens there .* or choose another`,
      ),
    );
  });

  it("on an address of another machine is told as well", async () => {
    const elsewhere = serveHttp(central.app, { host: "192.0.2.1", port: 0, log: silentLog });
    await expect(elsewhere).rejects.toThrow(/192\.0\.2\.1 is no address of this machine/);
  });
});

describe("the operator's page", () => {
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(server.url + path, { headers: { "accept-encoding": "identity", ...headers } });
  const loadedBy = (html: string) =>
    [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? "");

  it("loads only what this server gives, with nothing inline", async () => {
    const page = await get("/");
    expect(page.headers.get("content-type")).toMatch(/^text\/html/);
    expect(page.headers.get("content-security-policy")).toMatch(/default-src 'self'/);
    expect(page.headers.get("content-security-policy")).not.toMatch(/unsafe|script-src/);
    const html = await page.text();
    expect(html).not.toMatch(/<style|<script(?![^>]* src=)| on[a-z]+=|style=/);
    const loaded = loadedBy(html);
    expect(loaded.map((path) => path.replace(/-[\w]{10}\./, "."))).toEqual([
      "/app/icon.svg",
      "/app/main.css",
      "/app/main.js",
    ]);
    const types = ["image/svg+xml", "text/css", "text/javascript"];
    for (const [i, path] of loaded.entries()) {
      const answer = await get(path);
      expect(answer.headers.get("content-type")).toContain(types[i]);
      expect(answer.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    }
    expect((await get("/app/other.js")).status).toBe(404);
  });

  it("is small: 150 kB compressed at its first load, and nothing when it is known", async () => {
    const html = await get("/", { "accept-encoding": "gzip" });
    const paths = loadedBy(await html.text());
    const sizes = await Promise.all(
      paths.map(async (path) => {
        const answer = await get(path, { "accept-encoding": "gzip" });
        expect(answer.headers.get("content-encoding")).toBe("gzip");
        return Number(answer.headers.get("content-length"));
      }),
    );
    expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(150_000);
    const known = await get("/", { "if-none-match": html.headers.get("etag") ?? "" });
    expect([known.status, await known.text()]).toEqual([304, ""]);
  });

  it("is given compressed and plain alike", async () => {
    const path = loadedBy(await (await get("/")).text()).find((name) => name.endsWith(".js")) ?? "";
    const plain = Buffer.from(await (await get(path)).arrayBuffer());
    const packed = await new Promise<Buffer>((resolve, reject) => {
      const call = request(`${server.url}${path}`, { headers: { "accept-encoding": "gzip" } }, (answer) => {
        const chunks: Buffer[] = [];
        answer
          .on("data", (chunk: Buffer) => chunks.push(chunk))
          .on("end", () => resolve(Buffer.concat(chunks)));
      });
      call.on("error", reject).end();
    });
    expect(gunzipSync(packed).equals(plain)).toBe(true);
    expect(packed.length).toBeLessThan(plain.length / 2);
  });

  it("is not there when the server was started without pages", async () => {
    const other = openCentral();
    expect((await other.app.request("/")).status).toBe(404);
    await other.close();
  });
});
