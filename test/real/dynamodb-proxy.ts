// Stands between the table and DynamoDB Local and answers in its place, or loses its answers, as a busy service does.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { openDynamoDbTable } from "../../central-fn/tables/dynamodb.ts";
import type { Table } from "../../central-fn/tables/port.ts";

export type Treatment =
  /** As DynamoDB answers. */
  | { is: "pass" }
  /** The effect arrives, the answer does not. */
  | { is: "lose" }
  /** The effect arrives, and nothing more is heard: the connection stays open, as with a frozen server. */
  | { is: "silence" }
  /** Nothing arrives: an answer of the service's own instead. */
  | { is: "refuse"; status: number; type: string; body?: object }
  /** A changed request arrives, and a changed answer comes back. */
  | { is: "change"; request(body: Body): Body; answer(body: Body, asked: Body): Body };

export type Body = Record<string, unknown>;

export interface Between {
  table: Table;
  /** Requests per operation. */
  seen: Map<string, number>;
  close(): Promise<void>;
}

export async function openBetween(
  options: { tableName: string; endpoint: string },
  treat: (operation: string, nth: number) => Treatment,
): Promise<Between> {
  const seen = new Map<string, number>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const operation = String(request.headers["x-amz-target"]).split(".").at(-1) ?? "";
      const nth = (seen.get(operation) ?? 0) + 1;
      seen.set(operation, nth);
      const treatment = treat(operation, nth);
      const answer = (status: number, body: Buffer | string) =>
        response.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(body);
      if (treatment.is === "refuse") {
        const { status, type, body } = treatment;
        answer(status, JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, ...body }));
        return;
      }
      const headers = Object.fromEntries(
        Object.entries(request.headers).filter(([name]) => /^(x-amz|authorization|content-type)/.test(name)),
      ) as Record<string, string>;
      const asked = Buffer.concat(chunks);
      const sent = treatment.is === "change" ? JSON.stringify(treatment.request(parse(asked))) : asked;
      fetch(options.endpoint, { method: "POST", headers, body: sent }).then(
        async (got) => {
          const body = Buffer.from(await got.arrayBuffer());
          if (treatment.is === "lose") request.socket.destroy();
          else if (treatment.is === "silence") return;
          else if (treatment.is === "change")
            answer(got.status, JSON.stringify(treatment.answer(parse(body), parse(asked))));
          else answer(got.status, body);
        },
        () => request.socket.destroy(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const table = openDynamoDbTable({ tableName: options.tableName, endpoint: `http://127.0.0.1:${port}` });
  return {
    table,
    seen,
    async close() {
      await table.close();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function parse(bytes: Buffer): Body {
  return JSON.parse(bytes.toString()) as Body;
}
