// A thousand clients that send their headers or bodies a byte at a time, at the real process: the API stays live, its
// memory bounded, and each of them is cut off in its time.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, get } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openTokens } from "../../../central-fn/api/tokens.ts";
import { keys } from "../../../central-fn/tables/rows.ts";
import { openSqliteTable } from "../../../central-fn/tables/sqlite.ts";
import { cpRow } from "./central.ts";

const root = join(import.meta.dirname, "../../..");
const slow = 1_000;
const headersMs = 1_000;
const cps = 100;

let folder: string;
let central: ChildProcess;
let port = 0;
let log = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ev-slow-"));
  const table = openSqliteTable(join(folder, "central.db"));
  for (let n = 1; n <= cps; n++) {
    const cp = `CP-${String(n).padStart(3, "0")}`;
    await table.commit([{ do: "put", key: keys.cp(cp), value: cpRow(cp), expect: "any" }]);
  }
  await table.close();
  central = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(root, "central-fn/local-main.ts")],
    {
      env: {
        ...process.env,
        // Nothing is there: the API answers all the same.
        KAFKA_BOOTSTRAP: "127.0.0.1:1",
        TABLE_URL: `sqlite:${join(folder, "central.db")}`,
        TOKEN_KEY_PATH: join(folder, "token.key"),
        HTTP_PORT: "0",
        HTTP_HEADERS_MS: String(headersMs),
      },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  await new Promise<void>((resolve, reject) => {
    central.stdout?.on("data", (text: Buffer) => {
      log += text.toString();
      port ||= Number(/started successfully, http:\/\/\S+:(\d+)/.exec(log)?.[1] ?? 0);
      if (port > 0) resolve();
    });
    central.once("exit", (code) => reject(new Error(`it ended with ${code}\n${log}`)));
  });
});
afterAll(async () => {
  const gone = once(central, "exit");
  central.kill("SIGKILL");
  await gone;
  rmSync(folder, { recursive: true, force: true });
});

/** Its connection and what it has to say: then a byte, again and again. */
function slowClient(head: string): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => socket.destroy());
  socket.write(head);
  const drip = setInterval(() => socket.write("x"), 300);
  socket.once("close", () => clearInterval(drip));
  return socket.resume();
}

function residentMb(): number {
  const [, kb = "0"] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${central.pid}/status`, "utf8")) ?? [];
  return Number(kb) / 1_024;
}

const agent = new Agent({ keepAlive: true, maxSockets: 2 });
/** How long GET /cp takes until its last byte, in ms. */
function readFleet(): Promise<number> {
  const fromMs = performance.now();
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path: "/cp", agent }, (answer) => {
      answer.resume();
      answer.once("end", () =>
        answer.statusCode === 200
          ? resolve(performance.now() - fromMs)
          : reject(new Error(`status ${answer.statusCode}`)),
      );
    }).once("error", reject);
  });
}
async function readsUntil(done: () => boolean): Promise<number[]> {
  const took: number[] = [];
  while (!done()) {
    took.push(await readFleet());
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return took.sort((a, b) => a - b);
}
const p99 = (sorted: readonly number[]) => sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;

it("a thousand slow clients hold nobody up, cost little memory, and are gone in their time", async () => {
  const token = await openTokens(join(folder, "token.key")).sign({
    sub: "operator",
    role: "operator",
    expiresInS: 600,
  });
  let calm = 0;
  const before = await readsUntil(() => ++calm > 100);
  const beforeMb = residentMb();
  let open = 0;
  const sockets = Array.from({ length: slow }, (_, i) =>
    slowClient(
      i % 2 === 0
        ? "GET /cp HTTP/1.1\r\nHost: x\r\nX-Slow: "
        : `POST /cp/stop HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{`,
    ).once("connect", () => open++),
  );
  let most = beforeMb;
  const fromMs = performance.now();
  const during = await readsUntil(() => {
    most = Math.max(most, residentMb());
    return sockets.every(({ closed }) => closed);
  });
  const tookMs = performance.now() - fromMs;
  console.log(
    `GET /cp p99 ${p99(before).toFixed(1)} ms alone, ${p99(during).toFixed(1)} ms beside ${slow} slow sockets (${during.length} reads); ${(most - beforeMb).toFixed(0)} MB more; all gone after ${(tookMs / 1_000).toFixed(1)} s`,
  );
  expect(open).toBe(slow);
  // Patience with a busy machine; figures are printed above.
  expect(p99(during)).toBeLessThan(5_000);
  expect(most - beforeMb).toBeLessThan(150);
  expect(tookMs).toBeGreaterThan(headersMs);
  expect(tookMs).toBeLessThan(30_000);
  expect(log).not.toContain(" ERROR ");
  agent.destroy();
});
