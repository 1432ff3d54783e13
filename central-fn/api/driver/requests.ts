// /drivers/{driver_id}/requests: ask for a charge now or later, wait in line for it, take it back.
//
// 1. The id is minted here and carries the charge point: POST, then GET or DELETE at once work although nothing
//    has been decided.
// 2. With an Idempotency-Key a repeated POST is the same request.
import { randomUUID } from "node:crypto";
import { Hono } from "hono";
import * as z from "zod";
import { cpOfSid, Id, partitionOf, type StartRequest } from "../../../wire/messages/index.ts";
import type { SessionRow } from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { appendRequest, type Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { route } from "../route.ts";
import { CpId } from "../schemas.ts";
import { LimitWish, limitsOf } from "./limit.ts";
import { ownSession, viewOf, waitFor } from "./own-session.ts";
import { OwnSession } from "./own-session.view.ts";

/** A request that was not decided by then never starts a car. */
export const requestLivesMs = 60_000;
/** Clocks of callers differ: a start so near is "now". */
const nowToleranceMs = 60_000;
const furthestStartMs = 24 * 3_600_000;

const RequestBody = z.strictObject({
  cp_id: CpId,
  vehicle_id: Id,
  preferred_start: z.iso
    .datetime({ offset: true, local: true })
    .nullish()
    .describe(
      "Within 24 hours; without an offset it is UTC. Nothing is held until then; when the point is busy then, the request waits in line",
    ),
  limit: LimitWish.nullish(),
  queue: z.boolean().nullish().describe("Wait in line when the point is busy, instead of being refused"),
});

export function requestRoutes(parts: Parts) {
  return new Hono<ApiEnv>()
    .post(
      "/drivers/:driver_id/requests",
      route({
        summary: "Asks for a charge",
        detail:
          "202 says that the request is stored; it is decided within a minute, or expires. An Idempotency-Key counts per charging point. In line, a place lasts 2 hours; at its head the point is offered for 5 minutes, and confirming starts.",
        json: RequestBody,
        answers: { 202: OwnSession },
        problems: [404, 422, 503],
        idempotent: true,
        waits: true,
        cost: "start",
      }),
      async (c) => {
        const driver = c.req.param("driver_id");
        const body = c.req.valid("json");
        const sid = parts.sessionIds.mint(driver, body.cp_id, keyOf(c.req.header("idempotency-key")));
        const session = await ownSession(parts, driver, sid);
        if (session?.vehicleId && session.vehicleId !== body.vehicle_id)
          throw new Problem(422, "this Idempotency-Key was used for a request with another vehicle");
        if (!session) await append(parts, await requestOf(parts, driver, sid, body));
        const now = await waitFor(c, parts, { driver, sid, session }, isDecided);
        c.header("location", `/drivers/${driver}/requests/${sid}`);
        return c.json(await viewOf(parts, sid, now), 202);
      },
    )
    .get(
      "/drivers/:driver_id/requests/:request_id",
      route({
        summary: "Shows a request and the session that it became",
        answers: { 200: OwnSession },
        problems: [404],
        polled: true,
      }),
      async (c) => {
        const { driver_id: driver, request_id: sid } = c.req.param();
        return c.json(await viewOf(parts, sid, await ownSession(parts, driver, sid, "or 404")), 200);
      },
    )
    .delete(
      "/drivers/:driver_id/requests/:request_id",
      route({
        summary: "Takes a request back, or leaves the line",
        detail: "One that is under way already is stopped at the charging point.",
        answers: { 204: null },
        problems: [404, 503],
      }),
      async (c) => {
        const { driver_id: driver, request_id: sid } = c.req.param();
        await ownSession(parts, driver, sid, "or 404");
        const cp = cpOfSid(sid) ?? "";
        await appendRequest(parts, "driver.requests", cp, partitionOf(cp, parts.partitions), {
          v: 1,
          type: "cancel",
          sid,
          driver,
          cp,
          requestedAt: parts.now(),
        });
        return c.body(null, 204);
      },
    );
}

async function requestOf(
  parts: Parts,
  driver: string,
  sid: string,
  body: z.infer<typeof RequestBody>,
): Promise<StartRequest> {
  const { cp_id: cp, vehicle_id: vehicleId, queue } = body;
  const requestedAt = parts.now();
  const startAt = startOf(body.preferred_start, requestedAt);
  const facts = await parts.fleet.one(cp);
  if (!facts?.cp.registration || facts.cp.retired) throw new Problem(404, `no charging point ${cp}`);
  return {
    v: 1,
    type: "start",
    sid,
    driver,
    cp,
    vehicleId,
    ...(body.limit && limitsOf(body.limit, facts.cp.tariff?.priceE5PerKwh)),
    ...(queue && { queue }),
    ...(startAt !== undefined && { startAt }),
    requestedAt,
    expiresAt: requestedAt + requestLivesMs,
  };
}

/** Undefined: now. */
function startOf(preferred: string | null | undefined, nowMs: number): number | undefined {
  if (!preferred) return undefined;
  const startAt = Date.parse(/(?:Z|[+-]\d\d:\d\d)$/i.test(preferred) ? preferred : `${preferred}Z`);
  if (startAt > nowMs + furthestStartMs)
    throw new Problem(422, "preferred_start lies more than 24 hours in the future");
  return startAt > nowMs + nowToleranceMs ? startAt : undefined;
}

function append(parts: Parts, request: StartRequest): Promise<void> {
  const { cp } = request;
  return appendRequest(parts, "driver.requests", cp, partitionOf(cp, parts.partitions), request);
}

function isDecided(session: SessionRow | undefined): boolean {
  return session !== undefined && session.rank !== "REQUESTED";
}

function keyOf(header: string | undefined): string {
  if (header === undefined) return randomUUID();
  if (!/^[\x21-\x7e]{1,128}$/.test(header))
    throw new Problem(400, "Idempotency-Key is 1 to 128 visible ASCII characters");
  return header;
}
