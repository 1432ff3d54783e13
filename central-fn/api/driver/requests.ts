// /drivers/{driver_id}/requests: ask for a charge, look at the request, take it back.
//
// 1. The id is minted here and carries the charge point: POST, then GET or DELETE at once work although nothing
//    has been decided.
// 2. With an Idempotency-Key a repeated POST is the same request.
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { Hono } from "hono";
import * as z from "zod";
import { cpOfSid, Id, partitionOf, type StartRequest } from "../../../wire/messages/index.ts";
import type { ApiEnv } from "../access.ts";
import { json } from "../body.ts";
import { appendRequest, type Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { mintSid } from "../session-id.ts";
import { LimitWish, limitOf } from "./limit.ts";
import { decided, ownSession, viewOf } from "./own-session.ts";

/** A request that was not decided by then never starts a car. */
const requestLivesMs = 60_000;
const longestWaitS = 10;
const pollMs = 50;
/** Clocks of callers differ: a start so near is "now". */
const nowToleranceMs = 60_000;

const RequestBody = z.strictObject({
  cp_id: Id,
  vehicle_id: Id,
  preferred_start: z.iso.datetime({ offset: true, local: true }).nullish(),
  limit: LimitWish.nullish(),
});

export function requestRoutes(parts: Parts) {
  return new Hono<ApiEnv>()
    .post("/drivers/:driver_id/requests", json(RequestBody), async (c) => {
      const driver = c.req.param("driver_id");
      const body = c.req.valid("json");
      const { cp_id: cp } = body;
      const waitS = waitOf(c.req.header("prefer"));
      const sid = mintSid(driver, cp, keyOf(c.req.header("idempotency-key")));
      if (body.preferred_start && Date.parse(body.preferred_start) > parts.now() + nowToleranceMs)
        throw new Problem(
          422,
          "preferred_start lies in the future: starts cannot be scheduled yet, leave it out",
        );
      let session = await ownSession(parts, driver, sid);
      if (!session) {
        const facts = await parts.fleet.one(cp);
        if (!facts?.cp.registration || facts.cp.retired) throw new Problem(404, `no charging point ${cp}`);
        const limit = body.limit && limitOf(body.limit, facts.cp.tariff?.priceE5PerKwh);
        const requestedAt = parts.now();
        const request: StartRequest = {
          v: 1,
          type: "start",
          sid,
          driver,
          cp,
          vehicleId: body.vehicle_id,
          ...(limit && { limit }),
          requestedAt,
          expiresAt: requestedAt + requestLivesMs,
        };
        await appendRequest(parts, "driver.requests", cp, partitionOf(cp, parts.partitions), request);
      }
      const deadlineMs = performance.now() + waitS * 1_000;
      while (!decided(session) && performance.now() < deadlineMs && !c.req.raw.signal.aborted) {
        await pause(pollMs);
        session = await ownSession(parts, driver, sid);
      }
      c.header("location", `/drivers/${driver}/requests/${sid}`);
      if (waitS > 0) c.header("preference-applied", `wait=${waitS}`);
      return c.json(await viewOf(parts, sid, session), 202);
    })
    .get("/drivers/:driver_id/requests/:request_id", async (c) => {
      const { driver_id: driver, request_id: sid } = c.req.param();
      return c.json(await viewOf(parts, sid, await ownSession(parts, driver, sid, "or 404")));
    })
    .delete("/drivers/:driver_id/requests/:request_id", async (c) => {
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
    });
}

/** Seconds of `Prefer: wait=N` (RFC 7240), at most 10; 0 without. */
function waitOf(header: string | undefined): number {
  const wait = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,4})"?/i.exec(header ?? "")?.[1];
  return Math.min(Number(wait ?? 0), longestWaitS);
}

function keyOf(header: string | undefined): string {
  if (header === undefined) return randomUUID();
  if (!/^[\x21-\x7e]{1,128}$/.test(header))
    throw new Problem(400, "Idempotency-Key is 1 to 128 visible ASCII characters");
  return header;
}
