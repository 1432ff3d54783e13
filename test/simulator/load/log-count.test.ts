// Errors in the logs of a run.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { countErrors } from "../../../simulator/load/log-count.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "log-count-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const at = (second: number, text: string) =>
  `2026-01-01T00:00:${String(second).padStart(2, "0")}.000Z ${text}\n`;
const ms = (second: number) => Date.parse(at(second, "").trim());

test("errors, dead letters and false states within the time count, whatever the file", () => {
  writeFileSync(
    join(dir, "ev-central.log"),
    at(1, "ERROR Central | before the time") +
      at(11, "WARN Central | CP CP-007 disconnected (last will)") +
      at(12, "INFO Central | CP CP-007 connected again"),
  );
  writeFileSync(
    join(dir, "ev-bridge.log.1"),
    at(13, "WARN Bridge | dead letter x: no JSON") + at(14, "INFO Bridge | in 5, dead letters 0"),
  );
  writeFileSync(join(dir, "ev-cps-1.log"), at(15, "ERROR CP_M:CP-001 | FAULT DETECTED"));
  writeFileSync(join(dir, "notes.txt"), at(16, "ERROR nobody | no log"));
  const { count, examples } = countErrors(dir, ms(10), ms(20));
  expect(count).toBe(3);
  expect(examples.sort()).toEqual([
    "ev-bridge: WARN Bridge | dead letter x: no JSON",
    "ev-central: WARN Central | CP CP-007 disconnected (last will)",
    "ev-cps-1: ERROR CP_M:CP-001 | FAULT DETECTED",
  ]);
});
