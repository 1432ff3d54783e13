// The HTTP function: the application behind an API gateway.
import { handle, type LambdaContext, type LambdaEvent } from "hono/aws-lambda";
import * as z from "zod";
import { readEnvironment, whole } from "../wire/process/environment.ts";
import { createApp } from "./api/app.ts";
import { oidcVariables, withOidc } from "./api/oidc.ts";
import { rateOptionsOf, rateVariables } from "./api/rate-limit.ts";
import { sessionIds } from "./api/session-id.ts";
import { tokensOf } from "./api/tokens.ts";
import { openFunctionParts } from "./on-event/parts.ts";
import { readPage } from "./pages/built-pages.ts";

const secret = z.string().regex(/^[0-9a-f]{64,}$/, "64 or more hex digits, from the secret store");
const environment = z.object({
  /** The key of the bearer tokens. */
  TOKEN_KEY: secret,
  /** Of the sessions' ids: the same for every copy of this function, and for good. */
  SESSION_SECRET: secret,
  ...oidcVariables,
  ...rateVariables,
  /** In the cloud the canary comes every 30 s. */
  STALE_FEED_MS: whole.default(150_000),
  /** Folder of the built pages within the function's bundle; without, a content delivery network has them. */
  PAGES_PATH: z.string().min(1).optional(),
});

type Handle = (event: LambdaEvent, context?: LambdaContext) => Promise<unknown>;

let opened: Promise<Handle> | undefined;

async function open(): Promise<Handle> {
  const env = readEnvironment(environment);
  const { table, producer, partitions, log, nowMs } = await openFunctionParts("central-api");
  const app = createApp({
    table,
    append: (record) => producer.send([record]),
    now: nowMs,
    partitions,
    tokens: withOidc(tokensOf(Buffer.from(env.TOKEN_KEY, "hex")), env, { now: nowMs, log }),
    sessionIds: sessionIds(Buffer.from(env.SESSION_SECRET, "hex")),
    log,
    staleFeedMs: env.STALE_FEED_MS,
    page: env.PAGES_PATH === undefined ? undefined : readPage(env.PAGES_PATH, "operator"),
    rate: rateOptionsOf(env),
  });
  return handle(app) as Handle;
}

export async function handler(event: LambdaEvent, context?: LambdaContext): Promise<unknown> {
  opened ??= open();
  return (await opened)(event, context);
}
