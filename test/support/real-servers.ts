// Suites that run on the stand-ins or, with EV_SERVERS=real, on Apache Kafka, Mosquitto and DynamoDB Local: what a suite
// has to know of the difference, all of it here.
//
// 1. How soon a fleet is there: three more programs start, two of them on Java. The promise to a newcomer (20 s) is
//    of the stand-ins that a newcomer gets.
// 2. Where Central's rows lie: in a server, not in a file; they are read by its API.
// 3. A listener on the broker needs a certificate there, a password here (`watch-…` may read everything and say nothing).
// 4. DynamoDB Local answers a moment before its file has what it answers: killed with SIGKILL it may forget a bill,
//    which the service that it stands for never does. It is frozen, cut off and stopped instead.
// 5. Programs on Java are slow in their first minute: whoever judges times waits until the fleet answers swiftly.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { passwordAdmission } from "../../simulator/fleet/mqtt-admission.ts";
import type { Places } from "../../simulator/fleet/places.ts";
import { mosquittoFolder, realMqttMaterial } from "../../simulator/fleet/real-servers.ts";
import { admitClients } from "../../simulator/servers/mosquitto-clients.ts";
import type { LinkOptions } from "../../wire/mqtt/port.ts";

export const areReal = () => process.env.EV_SERVERS === "real";

/** From the command to the last service ready. */
export const fleetReadyWithinMs = areReal() ? 60_000 : 20_000;

/** Added to every port of a test's fleet: suites that run beside each other. */
export const portShift = Number(process.env.EV_TEST_PORTS ?? 0);

export type Reach = Pick<LinkOptions, "url" | "tls" | "password" | "clientId">;

/** How a listener of this name reaches the broker of a fleet that runs; it is let in from then on. */
export async function reachBroker(places: Places, port: number, name: string): Promise<Reach> {
  const clientId = `watch-${name}`;
  if (!areReal()) {
    const [line = ""] = (await passwordAdmission(places)?.issue([clientId])) ?? [];
    return { url: `mqtt://127.0.0.1:${port}`, clientId, password: line.slice(clientId.length + 1) };
  }
  admitClients(mosquittoFolder(places), [clientId]);
  const { ca, certDir } = realMqttMaterial(places);
  const own = { cert: join(certDir, `${clientId}.crt`), key: join(certDir, `${clientId}.key`) };
  return { url: `mqtts://localhost:${port}`, clientId, tls: { ...(ca && { ca }), ...own } };
}

interface Scanned {
  Items: { pk: { S: string }; sk: { S: string }; value: { S: string } }[];
  LastEvaluatedKey?: object;
}

/** The rows of a table in DynamoDB Local whose keys begin so, in no order that matters. Synchronous as a file's are. */
export function scanRows(
  tableUrl: string,
  pkPrefix: string,
  skPrefix: string,
): { pk: string; sk: string; value: string }[] {
  const url = new URL(tableUrl);
  const conditions = [
    ...(pkPrefix === "" ? [] : ["begins_with(pk, :pk)"]),
    ...(skPrefix === "" ? [] : ["begins_with(sk, :sk)"]),
  ];
  const values = { ...(pkPrefix && { ":pk": { S: pkPrefix } }), ...(skPrefix && { ":sk": { S: skPrefix } }) };
  const rows: { pk: string; sk: string; value: string }[] = [];
  let from: object | undefined;
  do {
    const page = scan(url, {
      ConsistentRead: true,
      ...(conditions.length > 0 && {
        FilterExpression: conditions.join(" AND "),
        ExpressionAttributeValues: values,
      }),
      ...(from && { ExclusiveStartKey: from }),
    });
    rows.push(...page.Items.map(({ pk, sk, value }) => ({ pk: pk.S, sk: sk.S, value: value.S })));
    from = page.LastEvaluatedKey;
  } while (from);
  return rows;
}

/** DynamoDB Local takes any signature. */
const headers = {
  "content-type": "application/x-amz-json-1.0",
  "x-amz-target": "DynamoDB_20120810.Scan",
  authorization:
    "AWS4-HMAC-SHA256 Credential=local/20260101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
};

function scan(tableUrl: URL, request: object): Scanned {
  const text = execFileSync(
    "curl",
    [
      ...["-sS", "--fail-with-body", "--max-time", "5"],
      ...Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]),
      ...["--data-binary", "@-", tableUrl.searchParams.get("endpoint") ?? ""],
    ],
    { input: JSON.stringify({ TableName: tableUrl.pathname, ...request }), encoding: "utf8", maxBuffer: 1e8 },
  );
  return JSON.parse(text) as Scanned;
}
