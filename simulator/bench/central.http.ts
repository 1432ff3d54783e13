// How many requests Central's APIs answer on one core, while the fleet goes on to report.
import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Load, LoadFigures } from "./central.load-main.ts";
import { median } from "./central.rules.ts";
import { threadCpuSeconds } from "./process-figures.ts";

export interface HttpCase {
  name: string;
  path: string;
  token: string | undefined;
  revalidates: boolean;
}

export interface HttpFigures {
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
export function pin(pid: number, cores: string): boolean {
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
export async function measureHttp(
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
