// The table contract on DynamoDB Local, a real implementation of the service's API. There is no way to skip it:
// without Java it fails.
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createDynamoDbTable, openDynamoDbTable } from "../../central-fn/tables/dynamodb.ts";
import { openTable } from "../../central-fn/tables/open.ts";
import { type Key, TableUnavailable } from "../../central-fn/tables/port.ts";
import { type DynamoDbLocal, startDynamoDbLocal } from "../../simulator/servers/dynamodb-local.ts";
import { tableContract } from "../contracts/table.contract.ts";
import { tableCrashContract } from "../contracts/table-crash.contract.ts";
import { type Between, type Body, openBetween, type Treatment } from "./dynamodb-proxy.ts";

const tableName = `ev-test-${randomUUID()}`;
const dir = mkdtempSync(join(tmpdir(), "ev-dynamodb-"));
let server: DynamoDbLocal;
const tableUrl = () => `dynamodb:${tableName}?endpoint=${server.endpoint}`;

beforeAll(async () => {
  server = await startDynamoDbLocal({ dir, say: (line) => process.stderr.write(`${line}\n`) });
  await createDynamoDbTable({ tableName, endpoint: server.endpoint });
  // Again: it is there, and that is fine.
  await createDynamoDbTable({ tableName, endpoint: server.endpoint });
}, 600_000);
afterAll(async () => {
  await server?.stop();
  rmSync(dir, { recursive: true });
});

tableContract("DynamoDB", () => openTable(tableUrl()));

tableCrashContract("DynamoDB", {
  url: tableUrl,
  // Measured: it answers a transaction before its own file has it, a single write after; killed at the very last answer
  // of the four writers it has forgotten just that one, eight times of nine; each of the four may be the last. The service stores
  // at several sites first; so nobody may kill DynamoDB Local and expect every bill.
  forgets: 4,
  async crash(writer) {
    await server.kill();
    writer.kill("SIGKILL");
    await server.start();
  },
});

describe("DynamoDB out of reach", () => {
  it("says that the table does not exist", async () => {
    const table = openDynamoDbTable({ tableName: "ev-nowhere", endpoint: server.endpoint });
    await expect(table.get({ pk: "a", sk: "b" })).rejects.toThrow(/ev-nowhere does not exist/);
    await table.close();
  });

  it("is TableUnavailable when nothing listens", async () => {
    const table = openDynamoDbTable({ tableName, endpoint: "http://127.0.0.1:1" });
    const key = { pk: "a", sk: "b" };
    await expect(table.commit([{ do: "put", key, value: 1, expect: 0 }])).rejects.toThrow(TableUnavailable);
    await table.close();
  });
});

const opened: Between[] = [];
afterEach(() => Promise.all(opened.splice(0).map((between) => between.close())));
const pass: Treatment = { is: "pass" };
const between = async (treat: (operation: string, nth: number) => Treatment) => {
  const one = await openBetween({ tableName, endpoint: server.endpoint }, treat);
  opened.push(one);
  return one;
};
const pairOf = (pk: string): [Key, Key] => [
  { pk, sk: "a" },
  { pk, sk: "b" },
];
const puts = (keys: readonly Key[]) => keys.map((key) => ({ do: "put", key, value: 1, expect: 0 }) as const);

describe("answers that are lost on the way", () => {
  it("do not turn an own put into a conflict", async () => {
    const { table, seen } = await between((operation, nth) =>
      operation === "PutItem" && nth <= 2 ? { is: "lose" } : pass,
    );
    const key = { pk: `lost#${randomUUID()}`, sk: "a" };
    expect(await table.commit(puts([key]))).toEqual({ is: "done" });
    expect(seen.get("PutItem")).toBe(3);
    expect(await table.commit(puts([key]))).toEqual({ is: "conflict", keys: [key] });
    expect(await table.get(key)).toMatchObject({ version: 1 });
  });

  it("do not turn an own transaction or delete into a conflict", async () => {
    const { table, seen } = await between((operation, nth) =>
      operation === "TransactWriteItems" && nth % 2 === 1 ? { is: "lose" } : pass,
    );
    const pk = `lost#${randomUUID()}`;
    const [a, b] = pairOf(pk);
    expect(await table.commit(puts([a, b]))).toEqual({ is: "done" });
    expect(await table.commit([{ do: "delete", key: a, expect: 1 }])).toEqual({ is: "done" });
    expect(seen.get("TransactWriteItems")).toBe(4);
    expect(await table.query(pk)).toMatchObject([{ sk: "b", version: 1 }]);
  });

  it("are not waited for for ever: what the server goes silent about is asked again", async () => {
    const { table, seen } = await between((_operation, nth) => (nth === 1 ? { is: "silence" } : pass));
    const pk = `silent#${randomUUID()}`;
    const [a, b] = pairOf(pk);
    const [one, two] = await Promise.all([table.commit(puts([{ pk, sk: "c" }])), table.commit(puts([a, b]))]);
    expect([one, two]).toEqual([{ is: "done" }, { is: "done" }]);
    expect([seen.get("PutItem"), seen.get("TransactWriteItems")]).toEqual([2, 2]);
    expect(await table.get(a)).toMatchObject({ version: 1 });
  }, 60_000);
});

describe("refusals of the moment", () => {
  const throttles = [
    [400, "ProvisionedThroughputExceededException"],
    [400, "ThrottlingException"],
    [400, "RequestLimitExceeded"],
    [500, "InternalServerError"],
    [503, "ServiceUnavailable"],
  ] as const;

  it.each(throttles)("(%i %s) are waited out by every kind of request", async (status, type) => {
    const { table, seen } = await between((_, nth) => (nth <= 2 ? { is: "refuse", status, type } : pass));
    const pk = `throttled#${randomUUID()}`;
    const [a, b] = pairOf(pk);
    expect(await table.commit(puts([a]))).toEqual({ is: "done" });
    expect(await table.commit([...puts([b]), { do: "check", key: a, expect: 1 }])).toEqual({ is: "done" });
    expect(await table.get(a)).toMatchObject({ version: 1 });
    expect(await table.query(pk)).toHaveLength(2);
    expect((await table.getMany([b, a])).map((row) => row?.sk)).toEqual(["b", "a"]);
    expect(await table.commit([{ do: "delete", key: a, expect: "any" }])).toEqual({ is: "done" });
    expect([...seen.values()]).toEqual([3, 3, 3, 3, 3, 3]);
  });

  it("that go on are TableUnavailable within a bound, and nothing has changed", async () => {
    const type = "ProvisionedThroughputExceededException";
    const { table, seen } = await between(() => ({ is: "refuse", status: 400, type }));
    const [a, b] = pairOf(`throttled#${randomUUID()}`);
    const began = performance.now();
    for (const run of [
      () => table.commit(puts([a])),
      () => table.commit(puts([a, b])),
      () => table.get(a),
      () => table.getMany([a]),
      () => table.query(a.pk),
    ]) {
      const refused = run();
      await expect(refused).rejects.toThrow(TableUnavailable);
      await expect(refused).rejects.toMatchObject({ retriable: true });
    }
    expect(performance.now() - began).toBeLessThan(5 * 10_000);
    expect(Math.max(...seen.values())).toBeLessThan(20);
    const direct = await openTable(tableUrl());
    expect(await direct.getMany([a, b])).toEqual([undefined, undefined]);
    await direct.close();
  });

  it("within a transaction are tried again, unlike a conflict in it", async () => {
    const reasons = (...codes: string[]) => ({ CancellationReasons: codes.map((Code) => ({ Code })) });
    const type = "TransactionCanceledException";
    const { table, seen } = await between((operation, nth) =>
      operation !== "TransactWriteItems" || nth > 3
        ? pass
        : nth === 1
          ? { is: "refuse", status: 400, type, body: reasons("None", "ThrottlingError") }
          : nth === 2
            ? { is: "refuse", status: 400, type, body: reasons("TransactionConflict", "None") }
            : { is: "refuse", status: 400, type: "TransactionInProgressException" },
    );
    const [a, b] = pairOf(`throttled#${randomUUID()}`);
    expect(await table.commit(puts([a, b]))).toEqual({ is: "done" });
    expect(seen.get("TransactWriteItems")).toBe(4);
    expect(await table.commit(puts([a, b]))).toEqual({ is: "conflict", keys: [a, b] });
    expect(seen.get("TransactWriteItems")).toBe(5);
  });

  it("of a part of many keys are asked for again, until all of them are there", async () => {
    type Keys = { Keys: unknown[] };
    const requested = (body: Body) => (body.RequestItems as Record<string, Keys>)[tableName]?.Keys ?? [];
    const half = (keys: unknown[]) => Math.ceil(keys.length / 2);
    const { table, seen } = await between((operation) =>
      operation !== "BatchGetItem"
        ? pass
        : {
            is: "change",
            request: (body) => {
              const keys = requested(body);
              const items = body.RequestItems as Record<string, Keys>;
              return {
                ...body,
                RequestItems: { [tableName]: { ...items[tableName], Keys: keys.slice(0, half(keys)) } },
              };
            },
            answer: (body, asked) => {
              const rest = requested(asked).slice(half(requested(asked)));
              return { ...body, UnprocessedKeys: rest.length > 0 ? { [tableName]: { Keys: rest } } : {} };
            },
          },
    );
    const pk = `many#${randomUUID()}`;
    const keys = Array.from({ length: 10 }, (_, n) => ({ pk, sk: String(n) }));
    await table.commit(puts(keys));
    expect((await table.getMany(keys)).map((row) => row?.sk)).toEqual(keys.map(({ sk }) => sk));
    expect(seen.get("BatchGetItem")).toBe(4);
  });
});
