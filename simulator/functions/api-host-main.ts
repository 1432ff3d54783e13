// ev-central-api-N: the HTTP function as the cloud's gateway calls it, on a port of this machine.
import { randomUUID } from "node:crypto";
import * as z from "zod";
import { serveHttp } from "../../central-fn/api/serve.ts";
import { sessionSecret } from "../../central-fn/api/session-id.ts";
import { signingKey } from "../../central-fn/api/token-keys.ts";
import { handler } from "../../central-fn/api-main.ts";
import { port, readEnvironment } from "../../wire/process/environment.ts";
import { endWith } from "../../wire/process/lifetime.ts";
import { openLog } from "../../wire/process/log.ts";
import { gatewayEvent, responseOf } from "./gateway-event.ts";

type Handled = Parameters<typeof handler>[0];

const env = readEnvironment(
  z.object({
    HTTP_HOST: z.string().min(1).default("127.0.0.1"),
    HTTP_PORT: port,
    /** The keys' file; the function itself has its keys in its environment, from the secret store. */
    TOKEN_KEY_PATH: z.string().min(1),
  }),
);
// Made here when nobody has made them yet.
process.env.TOKEN_KEY = Buffer.from(signingKey(env.TOKEN_KEY_PATH)).toString("hex");
process.env.SESSION_SECRET = Buffer.from(sessionSecret(env.TOKEN_KEY_PATH)).toString("hex");
const log = openLog("Central");
const app = {
  async fetch(request: Request) {
    const event = await gatewayEvent(request, randomUUID());
    return responseOf(await handler(event as unknown as Handled));
  },
};
const server = await serveHttp(app, { host: env.HTTP_HOST, port: env.HTTP_PORT, log });
endWith(log, () => server.close());
log.info(`API started successfully, ${server.url}`);
