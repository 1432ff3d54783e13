// The table contract on DynamoDB Local, a real implementation of the service's API: the one at
// DYNAMODB_ENDPOINT, else one started here. There is no way to skip it: without Java it fails.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDynamoDbTable, openDynamoDbTable } from "../../central-fn/tables/dynamodb.ts";
import { openTable } from "../../central-fn/tables/open.ts";
import { TableUnavailable } from "../../central-fn/tables/port.ts";
import { tableContract } from "../contracts/table.contract.ts";
import { type DynamoDbLocal, startDynamoDbLocal } from "./dynamodb-local.ts";

const tableName = `ev-test-${randomUUID()}`;
let started: DynamoDbLocal | undefined;
let endpoint = process.env.DYNAMODB_ENDPOINT ?? "";

beforeAll(async () => {
  if (!endpoint) {
    started = await startDynamoDbLocal();
    endpoint = started.endpoint;
  }
  await createDynamoDbTable({ tableName, endpoint });
  // Again: it is there, and that is fine.
  await createDynamoDbTable({ tableName, endpoint });
}, 600_000);
afterAll(() => started?.stop());

tableContract("DynamoDB", () => openTable(`dynamodb:${tableName}?endpoint=${endpoint}`));

describe("DynamoDB out of reach", () => {
  it("says that the table does not exist", async () => {
    const table = openDynamoDbTable({ tableName: "ev-nowhere", endpoint });
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

describe("answers that are lost on the way", () => {
  /** Passes requests on; of those that `loses` picks, the effect arrives and the answer does not. */
  async function lossyProxy(loses: (operation: string, nth: number) => boolean) {
    const seen = new Map<string, number>();
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const operation = String(request.headers["x-amz-target"]).split(".").at(-1) ?? "";
        const nth = (seen.get(operation) ?? 0) + 1;
        seen.set(operation, nth);
        const headers = Object.fromEntries(
          Object.entries(request.headers).filter(([name]) =>
            /^(x-amz|authorization|content-type)/.test(name),
          ),
        ) as Record<string, string>;
        fetch(endpoint, { method: "POST", headers, body: Buffer.concat(chunks) }).then(
          async (answer) => {
            const body = Buffer.from(await answer.arrayBuffer());
            if (loses(operation, nth)) request.socket.destroy();
            else
              response.writeHead(answer.status, { "content-type": "application/x-amz-json-1.0" }).end(body);
          },
          () => request.socket.destroy(),
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const table = openDynamoDbTable({ tableName, endpoint: `http://127.0.0.1:${port}` });
    return {
      table,
      seen,
      close: () => Promise.all([table.close(), new Promise((done) => server.close(done))]),
    };
  }

  it("do not turn an own put into a conflict", async () => {
    const { table, seen, close } = await lossyProxy((operation, nth) => operation === "PutItem" && nth <= 2);
    const key = { pk: `lost#${randomUUID()}`, sk: "a" };
    expect(await table.commit([{ do: "put", key, value: 1, expect: 0 }])).toEqual({ is: "done" });
    expect(seen.get("PutItem")).toBe(3);
    expect(await table.commit([{ do: "put", key, value: 1, expect: 0 }])).toEqual({
      is: "conflict",
      keys: [key],
    });
    expect(await table.get(key)).toMatchObject({ version: 1 });
    await close();
  });

  it("do not turn an own transaction or delete into a conflict", async () => {
    const { table, seen, close } = await lossyProxy(
      (op, nth) => op === "TransactWriteItems" && nth % 2 === 1,
    );
    const pk = `lost#${randomUUID()}`;
    const [a, b] = [
      { pk, sk: "a" },
      { pk, sk: "b" },
    ] as const;
    const both = [a, b].map((key) => ({ do: "put", key, value: 1, expect: 0 }) as const);
    expect(await table.commit(both)).toEqual({ is: "done" });
    expect(await table.commit([{ do: "delete", key: a, expect: 1 }])).toEqual({ is: "done" });
    expect(seen.get("TransactWriteItems")).toBe(4);
    expect(await table.query(pk)).toMatchObject([{ sk: "b", version: 1 }]);
    await close();
  });
});
