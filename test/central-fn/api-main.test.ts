// The HTTP function as the gateway calls it, in a process of its own, over a real table.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { keys } from "../../central-fn/tables/rows.ts";
import { openSqliteTable } from "../../central-fn/tables/sqlite.ts";
import { cpRow } from "./api/central.ts";

it("answers a gateway's event, and keeps its parts warm for the next", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ev-api-main-"));
  const file = join(folder, "central.db");
  const table = openSqliteTable(file);
  await table.commit([{ do: "put", key: keys.cp("CP-001"), value: cpRow("CP-001"), expect: 0 }]);
  await table.close();
  const main = join(import.meta.dirname, "../../central-fn/api-main.ts");
  const script = `
    const { handler } = await import(${JSON.stringify(main)});
    const event = (path) => ({ version: "2.0", rawPath: path, rawQueryString: "", headers: { host: "api" },
      requestContext: { http: { method: "GET", path }, domainName: "api" }, isBase64Encoded: false });
    const answers = [await handler(event("/cp")), await handler(event("/cdrs"))];
    console.log(JSON.stringify(answers.map(({ statusCode, body }) => ({ statusCode, body }))));
    process.exit(0);`;
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    env: {
      ...process.env,
      TABLE_URL: `sqlite:${file}`,
      KAFKA_BOOTSTRAP: "127.0.0.1:1",
      TOKEN_KEY: "ab".repeat(32),
      SESSION_SECRET: "cd".repeat(32),
    },
  });
  const answers = JSON.parse(run.stdout.trim().split("\n").at(-1) ?? "[]");
  expect(answers).toMatchObject([{ statusCode: 200 }, { statusCode: 401 }]);
  expect(JSON.parse(answers[0].body)).toMatchObject({ charging_points: [{ cp_id: "CP-001" }] });
  rmSync(folder, { recursive: true });
});
