// Central's HTTP application: the same for a Lambda function and for a server on one machine.
//
// 1. A call that changes something appends one record to Kafka and never writes a table.
// 2. Every refusal is problem details (RFC 9457); nothing of the inside of this process is told.
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { methodNotAllowed } from "hono/method-not-allowed";
import { secureHeaders } from "hono/secure-headers";
import { staleFeedMs } from "../rules/status.ts";
import { TableUnavailable } from "../tables/port.ts";
import { type ApiEnv, guard } from "./access.ts";
import { maxBodyBytes } from "./body.ts";
import { alertRoutes } from "./central/alerts.ts";
import { auditRoutes } from "./central/audit.ts";
import { cdrRoutes } from "./central/cdrs.ts";
import { chargePointRoutes } from "./central/charge-points.ts";
import { deadLetterRoutes } from "./central/dead-letters.ts";
import { faultRoutes } from "./central/faults.ts";
import { healthRoutes } from "./central/health.ts";
import { operationRoutes } from "./central/operations.ts";
import { reviewRoutes } from "./central/reviews.ts";
import { sessionRecordRoutes } from "./central/sessions.ts";
import { statisticsRoutes } from "./central/statistics.ts";
import { tariffRoutes } from "./central/tariffs.ts";
import { chargingPointRoutes } from "./driver/charging-points.ts";
import { favoriteRoutes } from "./driver/favorites.ts";
import { notificationRoutes } from "./driver/notifications.ts";
import { queueRoutes } from "./driver/queue.ts";
import { receiptStyleSource } from "./driver/receipt.page.ts";
import { requestRoutes } from "./driver/requests.ts";
import { sessionRoutes } from "./driver/sessions.ts";
import { openFleet } from "./fleet.ts";
import { eventRoutes } from "./live/events.ts";
import { pageRoutes } from "./page.ts";
import type { AppOptions, Parts } from "./parts.ts";
import { Problem, problemResponse } from "./problem.ts";
import { defaultRateOptions, openRateLimit } from "./rate-limit.ts";
import { referenceStyleSource } from "./reference/reference.page.ts";
import { referenceRoutes } from "./reference/reference.ts";
import { describedRoutes } from "./route.ts";

const self = ["'self'"];
const none = ["'none'"];

export function createApp(options: AppOptions) {
  const { table, partitions, fleetFreshMs = 250 } = options;
  const limit = openRateLimit(options.rate ?? defaultRateOptions, options.log);
  const parts: Parts = {
    staleFeedMs,
    fleetFreshMs,
    appendWithinMs: 5_000,
    live: undefined,
    ...options,
    fleet: openFleet({ table, partitions, freshMs: fleetFreshMs }),
  };
  const app = new Hono<ApiEnv>();
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: self,
        styleSrc: [...self, receiptStyleSource, referenceStyleSource],
        baseUri: none,
        formAction: none,
        frameAncestors: none,
        objectSrc: none,
      },
    }),
  );
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => {
        const allow = methods.join(", ");
        return problemResponse(c, new Problem(405, `${c.req.path} knows ${allow}`, { allow }));
      },
    }),
  );
  app.use(guard(parts.tokens, limit.failed));
  app.use(limit.middleware);
  app.use(
    bodyLimit({
      maxSize: maxBodyBytes,
      onError: () => {
        throw new Problem(413, `a request body ends at ${maxBodyBytes} bytes`, { connection: "close" });
      },
    }),
  );
  app.notFound((c) => problemResponse(c, new Problem(404, `nothing is at ${c.req.path}`)));
  app.onError((error, c) => {
    if (error instanceof Problem) return problemResponse(c, error);
    if (error instanceof TableUnavailable) {
      parts.log.warn(`${c.req.method} ${c.req.path}: ${error.message}`);
      return problemResponse(
        c,
        new Problem(503, "the tables cannot be read just now", { "retry-after": "1" }),
      );
    }
    if (isGone(error)) {
      parts.log.debug(`${c.req.method} ${c.req.path}: the caller left, or was cut off, in mid-request`);
      return problemResponse(c, new Problem(400, "the request broke off before its end"));
    }
    parts.log.error(`${c.req.method} ${c.req.path}: ${error.stack ?? String(error)}`);
    return problemResponse(c, new Problem(500, "this is a fault of the server; it is logged"));
  });
  return app
    .route("/", pageRoutes(options.page))
    .route("/", healthRoutes(parts))
    .route("/", chargePointRoutes(parts))
    .route("/", operationRoutes(parts))
    .route("/", sessionRecordRoutes(parts))
    .route("/", cdrRoutes(parts))
    .route("/", tariffRoutes(parts))
    .route("/", alertRoutes(parts))
    .route("/", auditRoutes(parts))
    .route("/", faultRoutes(parts))
    .route("/", statisticsRoutes(parts))
    .route("/", reviewRoutes(parts))
    .route("/", deadLetterRoutes(parts))
    .route("/", chargingPointRoutes(parts))
    .route("/", requestRoutes(parts))
    .route("/", queueRoutes(parts))
    .route("/", sessionRoutes(parts))
    .route("/", notificationRoutes(parts))
    .route("/", favoriteRoutes(parts))
    .route("/", eventRoutes(parts))
    .route(
      "/",
      referenceRoutes(() => describedRoutes(app)),
    );
}

/** Tables and Kafka tell their troubles in their own words: a connection that broke here is the caller's. */
function isGone(error: Error): boolean {
  return "code" in error && error.code === "ECONNRESET";
}

/** What central-fn/client takes its types from. */
export type App = ReturnType<typeof createApp>;
