// `ev load`, small and short: a fleet of its own on free ports, its figures, every check met, and nothing left behind.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SizeResult } from "../../simulator/load/run-size.ts";
import type { Check } from "../../simulator/load/verdict.rules.ts";

const root = join(import.meta.dirname, "../..");

interface Answer {
  ok: boolean;
  results: SizeResult[];
  checks: Check[];
}

function load(...words: string[]): Promise<{ code: unknown; answer: Answer; said: string }> {
  return new Promise((resolve) => {
    execFile("node", [join(root, "bin/ev.mjs"), "load", "--json", ...words], (error, out, said) =>
      resolve({ code: error?.code ?? 0, answer: JSON.parse(out) as Answer, said }),
    );
  });
}

test("twenty charge points with six drivers: figures, each session billed once, and no trace afterwards", async () => {
  const { code, answer, said } = await load(
    ...["--cps", "20", "--drivers", "6", "--warm-up", "4s", "--for", "5s"],
  );
  // How late a heartbeat is says how busy this machine is beside; what is owed to drivers it may not touch.
  const late = /^heartbeats missed|^charge points shown/;
  expect(answer.checks.filter(({ what, ok }) => !ok && !late.test(what))).toEqual([]);
  const ok = answer.checks.every((check) => check.ok);
  expect([code, answer.ok], said).toEqual([ok ? 0 : 1, ok]);
  const [result] = answer.results;
  expect(result).toMatchObject({ cps: 20, drivers: 6, ended: [], unfinished: 0 });
  expect(result?.figures.messagesPerS).toBeGreaterThan(1);
  expect(result?.bills.served).toBeGreaterThan(0);
  expect(result?.bills.bills).toBe(result?.bills.served);
  expect(existsSync(result?.state ?? "")).toBe(false);
});
