// What an operator does: POST /cp/{cp_id}/stop and /resume, POST /sessions/{session_id}/stop.
// Each is one record in Kafka; 202 says that it is stored, not that the device has obeyed.
import { randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import { cpOfSid, type OperatorRequest, partitionOf } from "../../../wire/messages/index.ts";
import { isOver } from "../../rules/session.ts";
import type { ApiEnv } from "../access.ts";
import { appendRequest, type Parts } from "../parts.ts";
import { Problem } from "../problem.ts";

export function operationRoutes(parts: Parts) {
  const send = async (request: OperatorRequest) => {
    const partition = partitionOf(request.cp, parts.partitions);
    await appendRequest(parts, "operator.requests", request.cp, partition, request);
    return { request_id: request.id, cp_id: request.cp };
  };
  const common = (c: Context<ApiEnv>) => ({
    v: 1 as const,
    id: randomUUID(),
    operator: c.get("caller")?.sub ?? "",
    requestedAt: parts.now(),
  });
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
