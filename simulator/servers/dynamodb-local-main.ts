// DynamoDB Local as a service of the fleet, with its table made: reads TABLE_PORT, TABLE_NAME and TABLE_DATA.
import { mkdirSync } from "node:fs";
import * as z from "zod";
import { createDynamoDbTable } from "../../central-fn/tables/dynamodb.ts";
import { port, readEnvironment } from "../../wire/process/environment.ts";
import { openLog } from "../../wire/process/log.ts";
import { dynamoDbCommand } from "./dynamodb-local.ts";
import { runInForeground } from "./foreground.ts";

const env = readEnvironment(
  z.object({ TABLE_PORT: port, TABLE_NAME: z.string().min(1), TABLE_DATA: z.string().min(1) }),
);
const log = openLog("DynamoDB");
mkdirSync(env.TABLE_DATA, { recursive: true });
const command = await dynamoDbCommand({ dir: env.TABLE_DATA, port: env.TABLE_PORT, say: log.info });
await runInForeground({
  ...command,
  log,
  async isReady() {
    await createDynamoDbTable({
      tableName: env.TABLE_NAME,
      endpoint: `http://127.0.0.1:${env.TABLE_PORT}`,
    });
    return true;
  },
});
