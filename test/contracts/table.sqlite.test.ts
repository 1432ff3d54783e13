// The table contract on SQLite, in a file and in memory.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { openTable } from "../../central-fn/tables/open.ts";
import { tableContract } from "./table.contract.ts";

const folder = mkdtempSync(join(tmpdir(), "ev-table-"));
afterAll(() => rmSync(folder, { recursive: true }));

tableContract("a SQLite file", () => openTable(`sqlite:${folder}/central.db`));
tableContract("SQLite in memory", () => openTable("sqlite::memory:"));
