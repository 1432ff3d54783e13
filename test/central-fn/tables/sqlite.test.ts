// What only SQLite must do: share one fsync, and say what to do when the disk fails.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, it } from "vitest";
import { openTable } from "../../../central-fn/tables/open.ts";
import { TableUnavailable } from "../../../central-fn/tables/port.ts";
import { openSqliteTable } from "../../../central-fn/tables/sqlite.ts";
import { TableBroken } from "../../../central-fn/tables/sqlite-errors.ts";

const folder = mkdtempSync(join(tmpdir(), "ev-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("commits of one turn of the event loop", () => {
  it("see each other's versions, and a conflict among them spares the others", async () => {
    const table = openSqliteTable(join(folder, "turn.db"));
    const key = { pk: "p", sk: "counter" };
    const put = (value: number, expected: number) =>
      table.commit([{ do: "put", key, value, expect: expected }]);
    const results = await Promise.all([put(1, 0), put(99, 0), put(2, 1), put(98, 1)]);
    expect(results.map(({ is }) => is)).toEqual(["done", "conflict", "done", "conflict"]);
    expect(await table.get(key)).toMatchObject({ value: 2, version: 2 });
    await table.close();
  });

  it("are not to be read before they are answered", async () => {
    const table = openSqliteTable(join(folder, "read.db"));
    const key = { pk: "p", sk: "a" };
    const asked = table.commit([{ do: "put", key, value: 1, expect: 0 }]);
    expect(await table.get(key)).toBeUndefined();
    await asked;
    expect(await table.get(key)).toMatchObject({ value: 1 });
    await table.close();
  });

  it("share the cost of durability: two hundred together take less than half the time of one by one", async () => {
    const table = openSqliteTable(join(folder, "group.db"));
    const put = (sk: string) => table.commit([{ do: "put", key: { pk: "p", sk }, value: 1, expect: 0 }]);
    const timed = async (run: () => Promise<unknown>) => {
      const from = performance.now();
      await run();
      return performance.now() - from;
    };
    const count = 200;
    const oneByOneMs = await timed(async () => {
      for (let n = 0; n < count; n++) await put(`one#${n}`);
    });
    const togetherMs = await timed(() =>
      Promise.all(Array.from({ length: count }, (_, n) => put(`all#${n}`))),
    );
    expect(oneByOneMs / togetherMs).toBeGreaterThan(2);
    await table.close();
  });

  it("are written before the table is closed", async () => {
    const path = join(folder, "close.db");
    const table = openSqliteTable(path);
    const asked = table.commit([{ do: "put", key: { pk: "p", sk: "a" }, value: 1, expect: 0 }]);
    await table.close();
    expect(await asked).toEqual({ is: "done" });
    const again = openSqliteTable(path);
    expect(await again.get({ pk: "p", sk: "a" })).toMatchObject({ value: 1 });
    await again.close();
  });
});

describe("a disk or file that refuses", () => {
  it("that is full is TableUnavailable, changes nothing, and works again when there is room", async (context) => {
    const mount = join(folder, "small");
    mkdirSync(mount);
    if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", mount]).status !== 0)
      return context.skip("mounting a small file system needs root");
    try {
      const table = openSqliteTable(join(mount, "central.db"));
      const ballast = join(mount, "ballast");
      writeFileSync(ballast, Buffer.alloc(700_000));
      const key = { pk: "p", sk: "a" };
      expect(await table.commit([{ do: "put", key, value: "before", expect: 0 }])).toEqual({ is: "done" });
      const large = table.commit([{ do: "put", key, value: "x".repeat(340_000), expect: 1 }]);
      await expect(large).rejects.toThrow(TableUnavailable);
      await expect(large).rejects.toThrow(/disk full.*free space/);
      expect(await table.get(key)).toMatchObject({ value: "before", version: 1 });
      rmSync(ballast);
      expect(await table.commit([{ do: "put", key, value: "after", expect: 1 }])).toEqual({ is: "done" });
      await table.close();
    } finally {
      spawnSync("umount", [mount]);
    }
  });

  it("held by another process is TableUnavailable, in a bounded time", async () => {
    const path = join(folder, "held.db");
    const table = openSqliteTable(path);
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    const put = () => table.commit([{ do: "put", key: { pk: "p", sk: "a" }, value: 1, expect: 0 }]);
    const refused = put();
    await expect(refused).rejects.toThrow(TableUnavailable);
    await expect(refused).rejects.toThrow(/another process holds the file/);
    other.exec("ROLLBACK");
    expect(await put()).toEqual({ is: "done" });
    other.close();
    await table.close();
  });

  it("that is no database is told at opening, with what to do", () => {
    const path = join(folder, "broken.db");
    writeFileSync(path, "this is a letter and not a database\n".repeat(200));
    expect(() => openSqliteTable(path)).toThrow(TableBroken);
    expect(() => openSqliteTable(path)).toThrow(/broken\.db: no usable database.*restore a copy/);
    expect(() => openSqliteTable(folder)).toThrow(/cannot be opened/);
  });
});

describe("TABLE_URL", () => {
  it("that is wrong is refused with what to write", async () => {
    for (const url of ["", "central.db", "sqlite:", "dynamodb:", "dynamodb:ev-core?table=x", "postgres://x"])
      await expect(openTable(url)).rejects.toThrow(/write sqlite:<file> or dynamodb:<table>/);
  });

  it("makes the folder of a SQLite file", async () => {
    const table = await openTable(`sqlite:${folder}/new/folder/central.db`);
    await table.close();
  });
});
