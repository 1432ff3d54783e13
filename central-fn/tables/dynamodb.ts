// The table in the cloud: DynamoDB items {pk, sk, version, value: JSON text, by}. The only importer of its SDK.
//
// 1. Every read is strongly consistent.
// 2. A write that may have arrived although its answer was lost is told from another writer's: transactions by
//    their request token, single puts by the token stored in `by`.
// 3. Refusals of the moment (throttling, another transaction, network) are tried again, then TableUnavailable.
import { randomUUID } from "node:crypto";
import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  DynamoDBServiceException,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  TransactionCanceledException,
  TransactionConflictException,
  TransactionInProgressException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import {
  conditionOf,
  expected,
  marshalKey,
  overwrite,
  toItem,
  toRow,
  unmarshalKey,
} from "./dynamodb-items.ts";
import { checkedRangeIsEmpty, checkedValues, checkKey, checkKeys, keyText } from "./limits.ts";
import {
  type CommitResult,
  type Key,
  type Known,
  type QueryRange,
  type Row,
  type Table,
  TableUnavailable,
  type Write,
} from "./port.ts";
import { type Attempt, retrying, storeRetries } from "./retry.ts";

export interface DynamoDbOptions {
  tableName: string;
  /** Default: the region's own endpoint. One on this machine (DynamoDB Local) needs no credentials. */
  endpoint?: string;
  /** Default: AWS_REGION. */
  region?: string;
}

/** Opens an existing table; see `createDynamoDbTable`. Nothing is sent before the first use. */
export function openDynamoDbTable(options: DynamoDbOptions): Table {
  const client = connect(options);
  const TableName = options.tableName;
  const unavailable = (because: unknown) =>
    new TableUnavailable(`table ${TableName}: ${errorText(because)}; it is tried again`, { cause: because });
  const ask = <T>(run: () => Promise<T>): Promise<T> =>
    retrying(storeRetries, () => settle(TableName, run), unavailable);

  return {
    async get<V>(key: Key) {
      checkKey(key);
      const { Item } = await ask(() =>
        client.send(new GetItemCommand({ TableName, Key: marshalKey(key), ConsistentRead: true })),
      );
      return Item && toRow<V>(Item);
    },

    async getMany(keys, known) {
      checkKeys(keys);
      const rows = new Map<string, Row>();
      let missing: Record<string, AttributeValue>[] = [
        ...new Map(keys.map((key) => [keyText(key), marshalKey(key)])).values(),
      ];
      // The answer may be cut at 16 MB or by throttling: the rest is asked for again.
      while (missing.length > 0) {
        const before = missing.length;
        missing = await retrying(
          storeRetries,
          async () => {
            const asked = await settle(TableName, () =>
              client.send(
                new BatchGetItemCommand({
                  RequestItems: { [TableName]: { Keys: missing, ConsistentRead: true } },
                }),
              ),
            );
            if (asked.is === "again") return asked;
            for (const item of asked.value.Responses?.[TableName] ?? [])
              rows.set(keyText(unmarshalKey(item)), toRow(item, known));
            const rest = asked.value.UnprocessedKeys?.[TableName]?.Keys ?? [];
            if (rest.length === before)
              return { is: "again", because: new Error("throttled: no key was read") };
            return { is: "settled", value: rest };
          },
          unavailable,
        );
      }
      return keys.map((key) => rows.get(keyText(key)));
    },

    async query<V>(pk: string, range: QueryRange = {}, known?: Known) {
      if (checkedRangeIsEmpty(range)) return [];
      const rows: Row<V>[] = [];
      let ExclusiveStartKey: Record<string, AttributeValue> | undefined;
      do {
        const page = await ask(() =>
          client.send(
            new QueryCommand({
              TableName,
              ConsistentRead: true,
              ScanIndexForward: !range.newestFirst,
              ...conditionOf(pk, range),
              ...(range.limit !== undefined && { Limit: range.limit - rows.length }),
              ...(ExclusiveStartKey && { ExclusiveStartKey }),
            }),
          ),
        );
        for (const item of page.Items ?? []) rows.push(toRow<V>(item, known));
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey && (range.limit === undefined || rows.length < range.limit));
      return rows;
    },

    async commit(writes) {
      const values = checkedValues(writes);
      const token = randomUUID();
      const [only] = writes;
      return retrying(
        storeRetries,
        () =>
          writes.length === 1 && only && isSimple(only)
            ? writeOne(client, TableName, only, values[0] ?? "", token)
            : transact(client, TableName, writes, values, token),
        unavailable,
      );
    },

    async close() {
      client.destroy();
    },
  };
}

/** Makes the table if absent and waits until it can be used (tests, on premises; the cloud's comes from infra/). */
export async function createDynamoDbTable(options: DynamoDbOptions): Promise<void> {
  const client = connect(options);
  try {
    await client.send(
      new CreateTableCommand({
        TableName: options.tableName,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [
          { AttributeName: "pk", AttributeType: "S" },
          { AttributeName: "sk", AttributeType: "S" },
        ],
        KeySchema: [
          { AttributeName: "pk", KeyType: "HASH" },
          { AttributeName: "sk", KeyType: "RANGE" },
        ],
      }),
    );
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  await waitUntilTableExists({ client, maxWaitTime: 60 }, { TableName: options.tableName });
  client.destroy();
}

function connect({ endpoint, region }: DynamoDbOptions): DynamoDBClient {
  const isLocal =
    endpoint !== undefined && /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]?/.test(endpoint);
  return new DynamoDBClient({
    // `retrying` is the one place that tries again.
    maxAttempts: 1,
    // Without the last word a request that is never answered is only warned of, and waits for ever.
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined ? { region } : isLocal && { region: "local" }),
    ...(isLocal && { credentials: { accessKeyId: "local", secretAccessKey: "local" } }),
  });
}

/** A put or an unconditional delete is one plain request; a transaction costs twice as much. */
function isSimple(write: Write): boolean {
  return write.do === "put" || (write.do === "delete" && write.expect === "any");
}

function writeOne(
  client: DynamoDBClient,
  TableName: string,
  write: Write,
  value: string,
  token: string,
): Promise<Attempt<CommitResult>> {
  const Key = marshalKey(write.key);
  return settle(TableName, async (): Promise<CommitResult> => {
    try {
      if (write.do === "delete") await client.send(new DeleteItemCommand({ TableName, Key }));
      else if (write.expect === "any")
        await client.send(new UpdateItemCommand({ TableName, Key, ...overwrite(value, token) }));
      else
        await client.send(
          new PutItemCommand({
            TableName,
            Item: toItem(write.key, write.expect + 1, value, token),
            ...expected(write.expect),
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      // Our own write, whose answer was lost on the way.
      if (error.Item?.by?.S === token) return { is: "done" };
      return { is: "conflict", keys: [write.key] };
    }
    return { is: "done" };
  });
}

async function transact(
  client: DynamoDBClient,
  TableName: string,
  writes: readonly Write[],
  values: readonly string[],
  token: string,
): Promise<Attempt<CommitResult>> {
  const TransactItems = writes.map((write, i): TransactWriteItem => {
    const Key = marshalKey(write.key);
    const condition = write.expect === "any" ? {} : expected(write.expect);
    if (write.do === "check") return { ConditionCheck: { TableName, Key, ...expected(write.expect) } };
    if (write.do === "delete") return { Delete: { TableName, Key, ...condition } };
    const value = values[i] ?? "";
    if (write.expect === "any") return { Update: { TableName, Key, ...overwrite(value, token) } };
    return { Put: { TableName, Item: toItem(write.key, write.expect + 1, value, token), ...condition } };
  });
  try {
    return await settle(TableName, async () => {
      await client.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken: token }));
      return { is: "done" };
    });
  } catch (error) {
    if (!(error instanceof TransactionCanceledException)) throw error;
    const reasons = error.CancellationReasons ?? [];
    const keys = writes.flatMap((write, i) =>
      reasons[i]?.Code === "ConditionalCheckFailed" ? [write.key] : [],
    );
    if (keys.length > 0) return { is: "settled", value: { is: "conflict", keys } };
    if (reasons.some(({ Code }) => Code === "ValidationError" || Code === "ItemCollectionSizeLimitExceeded"))
      throw error;
    return { is: "again", because: error };
  }
}

/** Runs one request: its answer, or "again" for a refusal of the moment; throws what trying again cannot mend. */
async function settle<T>(tableName: string, run: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { is: "settled", value: await run() };
  } catch (error) {
    if (error instanceof ResourceNotFoundException)
      throw new Error(`table ${tableName} does not exist: create it, or correct TABLE_URL`, { cause: error });
    if (passes(error)) return { is: "again", because: error };
    throw error;
  }
}

function passes(error: unknown): boolean {
  // No answer of the service at all: network, time-out, credentials that cannot be fetched just now.
  if (!(error instanceof DynamoDBServiceException)) return true;
  return (
    error.$fault === "server" ||
    error.$retryable !== undefined ||
    error instanceof TransactionConflictException ||
    error instanceof TransactionInProgressException ||
    /Throttl|ProvisionedThroughputExceeded|RequestLimitExceeded/.test(error.name)
  );
}

function errorText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
