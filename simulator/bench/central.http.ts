// How many requests Central's APIs answer on one core, while the fleet goes on to report.
import { execFile, execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { openTokens } from "../../central-fn/api/tokens.ts";
import { live } from "./central.life.ts";
import type { Load, LoadFigures } from "./central.load-main.ts";
import { median } from "./central.rules.ts";
import type { Stage } from "./central.writes.ts";
import { threadCpuSeconds } from "./process-figures.ts";

const roundS = 2.5;

/** Central alone on core 0, the load and the fleet on core 1. */
export async function http({ servers, fleet, charging, rounds, report }: Stage): Promise<void> {
  // Before it is pinned, this process sees all of them.
  const all = `0-${availableParallelism() - 1}`;
  const isPinned = pin(servers.pid, "0") && pin(process.pid, "1");
  report.progress(`HTTP, Central ${isPinned ? "alone on one core" : "on any core"} …`);
  const cases = await casesOf(servers.setup.keyPath);
  // As long as the load: each round, the compiler's before them, and the processes' starts.
  const seconds = Math.ceil((rounds * (roundS + 0.2) + 1) * cases.length + 2);
  const living = live(fleet, servers.producer, { seconds, charging, flushS: 60 });
  const port = Number(new URL(servers.url).port);
  const figures = await measureHttp(servers.pid, port, cases, rounds, roundS, report.progress);
  report.title(
    "HTTP on one core while the fleet lives: requests/s, the lowest round; CPU each; p50, p99; bytes, 304s",
  );
  for (const one of figures) {
    const { name, perSecond, worstPerSecond, cpuMs, p50Ms, p99Ms, bytesPerAnswer, notModified } = one;
    const text = `${perSecond.toFixed(0)}/s (${worstPerSecond.toFixed(0)})`;
    if (name === wholeFleet) report.aimed(name, text, "300/s", perSecond >= 300);
    else report.figure(name, text);
    const delays = `${p50Ms.toFixed(1)} ms, ${p99Ms.toFixed(1)} ms`;
    const size = `${(bytesPerAnswer / 1_000).toFixed(1)} kB, ${(notModified * 100).toFixed(0)} %`;
    report.detail(`${(cpuMs * 1_000).toFixed(0)} µs; ${delays}; ${size}`);
  }
  await living;
  if (isPinned) for (const pid of [servers.pid, process.pid]) pin(pid, all);
  report.noteLoad();
}

const wholeFleet = "GET /cp, whole";

async function casesOf(keyPath: string): Promise<HttpCase[]> {
  const token = (role: "operator" | "driver") =>
    openTokens(keyPath).sign({ sub: `${role}-bench`, role, expiresInS: 3_600 });
  const [operator, driver] = [await token("operator"), await token("driver")];
  const near = "lat=38.4&lon=-0.6&within_km=8&only_available=true&connector_type=TYPE2&limit=50";
  const whole = { path: "/cp", token: undefined, revalidates: false };
  return [
    { ...whole, name: wholeFleet },
    { ...whole, name: "GET /cp, If-None-Match", revalidates: true },
    { ...whole, name: "GET /cp, operator", token: operator },
    {
      ...whole,
      name: "GET /cp?state=ON&city=…, 100",
      path: "/cp?state=ON&city=Murcia&limit=100",
      token: operator,
    },
    {
      ...whole,
      name: "GET /charging-points, 5 filters, 50",
      path: `/charging-points?${near}`,
      token: driver,
    },
  ];
}

interface HttpCase {
  name: string;
  path: string;
  token: string | undefined;
  revalidates: boolean;
}

interface HttpFigures {
  name: string;
  /** Median and lowest over the rounds. */
  perSecond: number;
  worstPerSecond: number;
  cpuMs: number;
  p50Ms: number;
  p99Ms: number;
  bytesPerAnswer: number;
  /** Share of the answers that were 304. */
  notModified: number;
}

/** Puts every thread of a process on these cores; false where the system cannot (no taskset, one core). */
function pin(pid: number, cores: string): boolean {
  try {
    execFileSync("taskset", ["-a", "-p", "-c", cores, String(pid)], { stdio: "ignore" });
    return true;
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}

const run = promisify(execFile);
const sockets = 8;

/** Each case once per round, in turn; `pid` is the server's process, alone on core 0. */
async function measureHttp(
  pid: number,
  port: number,
  cases: readonly HttpCase[],
  rounds: number,
  seconds: number,
  say: (line: string) => void,
): Promise<HttpFigures[]> {
  const samples = cases.map((): (LoadFigures & { cpuMs: number })[] => []);
  for (let round = 0; round <= rounds; round++)
    for (const [i, { name, path, token, revalidates }] of cases.entries()) {
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      // The first round is for the compiler.
      const load = { host: "127.0.0.1", port, path, headers, sockets, revalidates };
      const cpu = threadCpuSeconds(pid);
      const figures = await loaded({ ...load, seconds: round === 0 ? 0.7 : seconds });
      const bad = Object.keys(figures.byStatus).filter((status) => status !== "200" && status !== "304");
      if (bad.length > 0) throw new Error(`${path} answered ${bad.join(", ")}`);
      if (round === 0) continue;
      const cpuMs = ((threadCpuSeconds(pid) - cpu) * 1_000) / figures.answers;
      samples[i]?.push({ ...figures, cpuMs });
      say(
        `  round ${round} of ${rounds}: ${name}: ${Math.round(figures.answers / figures.seconds)} requests/s`,
      );
    }
  return cases.map(({ name }, i) => {
    const of = samples[i] ?? [];
    const rates = of.map(({ answers, seconds: took }) => answers / took);
    return {
      name,
      perSecond: median(rates),
      worstPerSecond: Math.min(...rates),
      cpuMs: median(of.map(({ cpuMs }) => cpuMs)),
      p50Ms: median(of.map(({ p50Ms }) => p50Ms)),
      p99Ms: median(of.map(({ p99Ms }) => p99Ms)),
      bytesPerAnswer: median(of.map(({ bytes, answers }) => bytes / answers)),
      notModified: median(of.map(({ byStatus, answers }) => (byStatus["304"] ?? 0) / answers)),
    };
  });
}

async function loaded(load: Load): Promise<LoadFigures> {
  const main = join(import.meta.dirname, "central.load-main.ts");
  const { stdout } = await run(process.execPath, [
    "--disable-warning=ExperimentalWarning",
    main,
    JSON.stringify(load),
  ]);
  return JSON.parse(stdout) as LoadFigures;
}
