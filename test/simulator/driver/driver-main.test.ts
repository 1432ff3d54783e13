// The driver as a real process against a small driver API on a real port: its port, its list, its inbox, a kill.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makePages } from "../../support/built-pages.ts";
import { type FakeCentral, fakeCentral } from "../../support/fleet-fake-central.ts";
import { until } from "../../support/fleet-stub.ts";
import { freePort } from "../../support/free-port.ts";

let dir: string;
let central: FakeCentral;
let driver: ChildProcess | undefined;
let said: string;
let port: number;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ev-driver-"));
  writeFileSync(join(dir, "token"), "the-token\n");
  central = await fakeCentral();
  port = await freePort();
});
afterEach(async () => {
  await end("SIGKILL");
  await central.close();
  rmSync(dir, { recursive: true, force: true });
});

async function end(signal: NodeJS.Signals): Promise<number | null> {
  const process = driver;
  driver = undefined;
  if (!process || process.exitCode !== null) return process?.exitCode ?? null;
  const over = new Promise<number | null>((resolve) => process.once("exit", resolve));
  process.kill(signal);
  return over;
}

async function start(requests: unknown[] | string, more: Record<string, string> = {}): Promise<void> {
  const content = typeof requests === "string" ? requests : JSON.stringify({ loop: false, requests });
  writeFileSync(join(dir, "requests.json"), content);
  said = "";
  driver = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "simulator/driver/driver-main.ts"],
    {
      env: {
        PATH: process.env.PATH,
        DRIVER_ID: "driver-alice",
        HTTP_PORT: String(port),
        CENTRAL_URL: central.url,
        TOKEN_PATH: join(dir, "token"),
        REQUESTS_PATH: join(dir, "requests.json"),
        STATE_PATH: join(dir, "state", "phone.json"),
        ...more,
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  for (const stream of [driver.stdout, driver.stderr])
    stream?.on("data", (chunk) => {
      said += chunk;
    });
}
const ready = () => until("the driver to be ready", () => said.includes("started successfully"), 10_000);
const wish = { cp_id: "CP-001", vehicle_id: "VEH-001", limit: { energy_kwh: 0.05 } };

/** As `fetch`, but with any Host. */
function get(path: string, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path, headers }, (answer) => {
      let body = "";
      answer.on("data", (chunk) => {
        body += chunk;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body }));
    })
      .once("error", reject)
      .end();
  });
}

test("it works through its request and tells each step", async () => {
  await start([wish]);
  await until("the session to complete", () => said.includes("COMPLETED"), 15_000);
  const steps = [...said.matchAll(/Driver driver-alice \| (PENDING|APPROVED|IN_PROGRESS|COMPLETED) CP-001/g)];
  expect(steps.map(([, step]) => step)).toEqual(["PENDING", "APPROVED", "IN_PROGRESS", "COMPLETED"]);
  expect(said).toMatch(/COMPLETED CP-001 0\.030 kWh, € 0\.01/);
  expect(central.asked).toEqual([{ key: expect.any(String), body: wish, authorization: "Bearer the-token" }]);
  expect(await end("SIGTERM")).toBe(0);
});

test("killed and started again it asks for the same session and reads the messages that it missed", async () => {
  const statePath = join(dir, "state", "phone.json");
  await start([wish]);
  await until("the request", () => central.asked.length === 1, 10_000);
  central.notify("first");
  // Shown, then kept: between the two a kill would show it again rather than lose it.
  await until("the first message", () => said.includes("notification 1: first"), 10_000);
  await until("it to be kept", () => readFileSync(statePath, "utf8").includes('"notified":1'), 10_000);
  await end("SIGKILL");
  central.notify("second");
  central.notify("third");
  await start([wish]);
  await until("the missed messages", () => said.includes("notification 3: third"), 10_000);
  expect(said).not.toContain("notification 1");
  expect(said.indexOf("notification 2: second")).toBeLessThan(said.indexOf("notification 3"));
  expect(new Set(central.asked.map(({ key }) => key)).size).toBe(1);
});

test("its port passes the driver API on, with its own token", async () => {
  await start([]);
  await ready();
  const points = await fetch(`http://localhost:${port}/charging-points?city=Val%C3%A8ncia`);
  expect(await points.json()).toEqual([{ cp_id: "CP-001", city: "València" }]);
  const posted = await fetch(`http://localhost:${port}/drivers/driver-alice/requests`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer somebody-else" },
    body: '{"cp_id":"CP-002","vehicle_id":"VEH-001"}',
  });
  expect(posted.status).toBe(202);
  expect(await posted.json()).toMatchObject({ status: "PENDING", cp_id: "CP-002" });
  expect(central.asked[0]?.authorization).toBe("Bearer the-token");
});

test("its app is static files without inline code, installable, and its rules forbid any other", async () => {
  const pages = await makePages();
  try {
    await start([], { PAGES_PATH: pages.dir });
    await ready();
    const page = await fetch(`http://127.0.0.1:${port}/`);
    const policy = page.headers.get("content-security-policy");
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'/);
    expect(policy).not.toMatch(/unsafe|\*/);
    const html = await page.text();
    expect(html).not.toMatch(/<script(?![^>]*src=)|<style| on\w+=|style=/);
    const [, manifestPath = ""] = /rel="manifest" href="([^"]+)"/.exec(html) ?? [];
    const manifest = (await (await fetch(`http://127.0.0.1:${port}${manifestPath}`)).json()) as {
      icons: { src: string; type: string; sizes: string }[];
    };
    expect(manifest).toMatchObject({ start_url: "/", display: "standalone" });
    expect(manifest.icons.map(({ sizes }) => sizes)).toContain("192x192");
    for (const { src, type } of manifest.icons) {
      const icon = await fetch(`http://127.0.0.1:${port}${src}`);
      expect([icon.status, icon.headers.get("content-type")]).toEqual([200, type]);
    }
    const worker = await fetch(`http://127.0.0.1:${port}/sw.js`);
    expect([worker.status, worker.headers.get("cache-control")]).toEqual([200, "no-cache"]);
    expect(await worker.text()).toContain(manifestPath);
    expect((await fetch(`http://127.0.0.1:${port}/app/no-such-file.js`)).status).toBe(404);
  } finally {
    pages.remove();
  }
});

test("the page's switch pauses the list, durably", async () => {
  const own = () => fetch(`http://localhost:${port}/phone`).then((answer) => answer.json());
  const turn = (body: string) => fetch(`http://localhost:${port}/phone/automation`, { method: "PUT", body });
  await start([]);
  await ready();
  expect(await own()).toEqual({
    driver_id: "driver-alice",
    automation: { on: true, requests: 0, vehicle_ids: [], next: null, following: null, session_ids: [] },
  });
  expect((await turn("on")).status).toBe(400);
  expect((await turn('{"on":false}')).status).toBe(200);
  await end("SIGKILL");
  await start([wish]);
  await ready();
  await until("it to have looked", () => central.looks > 3, 10_000);
  expect(central.asked).toEqual([]);
  expect(await own()).toMatchObject({
    automation: { on: false, requests: 1, vehicle_ids: ["VEH-001"], next: { cp_id: "CP-001", number: 1 } },
  });
  expect(await (await turn('{"on":true}')).json()).toMatchObject({ automation: { on: true } });
  await until("the request", () => central.asked.length === 1, 15_000);
  const { automation } = (await own()) as { automation: { following: unknown; session_ids: string[] } };
  expect(automation.following).toMatchObject({ cp_id: "CP-001", by: "list" });
});

test("an event stream is passed on as it comes, beside everything else", async () => {
  await start([]);
  await ready();
  const streams = await Promise.all(
    Array.from({ length: 20 }, () =>
      fetch(`http://localhost:${port}/drivers/driver-alice/events`, {
        headers: { accept: "text/event-stream" },
      }),
    ),
  );
  const heard = await Promise.all(
    streams.map(async ({ body }) => {
      const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
      const first = await reader?.read();
      return { reader, text: first?.value };
    }),
  );
  expect(heard.map(({ text }) => text)).toEqual(Array(20).fill("event: inbox\ndata: {}\n\n"));
  expect((await fetch(`http://localhost:${port}/charging-points`)).status).toBe(200);
  for (const { reader } of heard) await reader?.cancel();
  await until("the streams to end at Central too", () => central.streams === 0, 10_000);
});

test("a page from elsewhere and a rebound name are refused; other paths do not reach Central", async () => {
  await start([]);
  await ready();
  const path = "/charging-points";
  expect((await get(path, { host: `evil.example:${port}` })).status).toBe(403);
  const foreign = await get(path, { host: `localhost:${port}`, origin: "http://localhost:3000" });
  expect(foreign.status).toBe(403);
  expect(JSON.parse(foreign.body)).toMatchObject({ title: "Forbidden", status: 403 });
  expect((await get(path, { host: `localhost:${port}`, origin: `http://localhost:${port}` })).status).toBe(
    200,
  );
  expect((await get("/cdrs", { host: `localhost:${port}` })).status).toBe(404);
});

test("while Central is away a call is answered 502 with problem details, and the absence is said once", async () => {
  await start([wish]);
  await ready();
  await until("the request", () => central.asked.length === 1, 10_000);
  const at = new URL(central.url).port;
  await central.close();
  await until("the absence to be said", () => said.includes("Central cannot be reached"), 10_000);
  const answer = await fetch(`http://localhost:${port}/charging-points`);
  expect(answer.status).toBe(502);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(await answer.json()).toMatchObject({ status: 502, title: "Bad Gateway" });
  central = await fakeCentral(Number(at));
  await until("the return to be said", () => said.includes("Central answers again"), 10_000);
  expect(said.match(/Central cannot be reached/g)).toHaveLength(1);
});

test("a request file with a wrong value ends it with one line that names file and field", async () => {
  await start('{"requests": [{"cp_id": "CP 1", "vehicle_id": "VEH-001"}]}');
  const code = await new Promise((resolve) => driver?.once("exit", resolve));
  expect(code).toBe(78);
  expect(said).toMatch(/requests\.json: requests\.0\.cp_id: an id is 1 to 32/);
});
