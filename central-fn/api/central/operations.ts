// What an operator does: POST /cp/{cp_id}/stop, /resume and /retire, POST /sessions/{session_id}/stop.
// Each is one record in Kafka; 202 says that it is stored, not that the device has obeyed.
import { randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import * as z from "zod";
import { cpOfSid, type OperatorRequest, partitionOf } from "../../../wire/messages/index.ts";
import { isOver } from "../../rules/session.ts";
import type { ApiEnv } from "../access.ts";
import { json } from "../body.ts";
import { appendRequest, type Parts } from "../parts.ts";
import { Problem } from "../problem.ts";

const Retirement = z.strictObject({ reason: z.string().trim().min(1).max(200) });

/** What every request of an operator carries; the id makes a repeated record free of effect. */
export function operatorFields(c: Context<ApiEnv>, parts: Pick<Parts, "now">) {
  return {
    v: 1 as const,
    id: randomUUID(),
    operator: c.get("caller")?.sub ?? "",
    requestedAt: parts.now(),
  };
}

/** Appends it to the charge point's partition. */
export async function sendOperatorRequest(parts: Parts, request: OperatorRequest) {
  const partition = partitionOf(request.cp, parts.partitions);
  await appendRequest(parts, "operator.requests", request.cp, partition, request);
  return { request_id: request.id, cp_id: request.cp };
}

export function operationRoutes(parts: Parts) {
  const send = (request: OperatorRequest) => sendOperatorRequest(parts, request);
  const common = (c: Context<ApiEnv>) => operatorFields(c, parts);
  const known = async (cp: string) => {
    const facts = await parts.fleet.one(cp);
    if (!facts) throw new Problem(404, `no charge point ${cp}`);
    return facts;
  };
  return new Hono<ApiEnv>()
    .post("/cp/:cp_id/stop", async (c) => {
      const cp = c.req.param("cp_id");
      await known(cp);
      return c.json(await send({ ...common(c), type: "stop-cp", cp }), 202);
    })
    .post("/cp/:cp_id/resume", async (c) => {
      const cp = c.req.param("cp_id");
      await known(cp);
      return c.json(await send({ ...common(c), type: "resume-cp", cp }), 202);
    })
    .post("/cp/:cp_id/retire", json(Retirement), async (c) => {
      const cp = c.req.param("cp_id");
      const { reason } = c.req.valid("json");
      await known(cp);
      return c.json(await send({ ...common(c), type: "retire-cp", cp, reason }), 202);
    })
    .post("/sessions/:session_id/stop", async (c) => {
      const sid = c.req.param("session_id");
      const cp = cpOfSid(sid) ?? "";
      const { cp: row, session } = await known(cp);
      // The claim tells whose session it is; without one nothing of this id runs.
      if (row.claim?.sid !== sid || (session && isOver(session.rank)))
        throw new Problem(404, `no running session ${sid}`);
      const { driver } = row.claim;
      const sent = await send({ ...common(c), type: "stop-session", cp, sid, driver });
      return c.json({ ...sent, session_id: sid }, 202);
    });
}
