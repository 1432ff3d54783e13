// The table contract on SQLite, in a file and in memory.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { openTable } from "../../central-fn/tables/open.ts";
import { tableContract } from "./table.contract.ts";
import { tableCrashContract } from "./table-crash.contract.ts";

const folder = mkdtempSync(join(tmpdir(), "ev-table-"));
afterAll(() => rmSync(folder, { recursive: true }));

tableContract("a SQLite file", () => openTable(`sqlite:${folder}/central.db`));
tableContract("SQLite in memory", () => openTable("sqlite::memory:"));
tableCrashContract("a SQLite file", {
  url: () => `sqlite:${folder}/killed.db`,
  // The file's owner is the writer.
  async crash(writer) {
    writer.kill("SIGKILL");
  },
});
