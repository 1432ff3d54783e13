// TABLE_URL → table: `sqlite:<file>`, or `dynamodb:<table>?endpoint=…&region=…`.
import type { Table } from "./port.ts";
import { openSqliteTable } from "./sqlite.ts";

/**
 * Opens the table that `url` names: `sqlite:/var/lib/ev/central.db`, `sqlite::memory:`,
 * `dynamodb:ev-core?region=eu-west-1`, `dynamodb:ev-core?endpoint=http://127.0.0.1:8001`.
 * Throws with what to write instead when the URL is none of these.
 */
export async function openTable(url: string): Promise<Table> {
  const colon = url.indexOf(":");
  const kind = url.slice(0, colon);
  const rest = url.slice(colon + 1);
  if (kind === "sqlite" && rest !== "") return openSqliteTable(rest);
  if (kind === "dynamodb") {
    const [tableName = "", query = ""] = rest.split("?");
    const parameters = new URLSearchParams(query);
    const unknown = [...parameters.keys()].filter((name) => name !== "endpoint" && name !== "region");
    if (/^[A-Za-z0-9_.-]{3,255}$/.test(tableName) && unknown.length === 0) {
      // Loaded only where it is used: the SDK costs a local process memory and start-up time.
      const { openDynamoDbTable } = await import("./dynamodb.ts");
      const endpoint = parameters.get("endpoint");
      const region = parameters.get("region");
      return openDynamoDbTable({ tableName, ...(endpoint && { endpoint }), ...(region && { region }) });
    }
  }
  throw new Error(
    `TABLE_URL=${url}: write sqlite:<file> or dynamodb:<table>?endpoint=<url>&region=<region> (both parameters optional)`,
  );
}
