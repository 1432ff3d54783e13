// What an operator orders: charge points out of service and back, one or all; sessions stopped; charge points retired
// and reinstated. And what became of an order: GET /operations/{operation_id}.
import { type Context, Hono } from "hono";
import * as z from "zod";
import { cpOfSid } from "../../../wire/messages/index.ts";
import { isOver } from "../../rules/session.ts";
import type { ApiEnv } from "../access.ts";
import { isOwnOperation } from "../operation-id.ts";
import type { Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { route } from "../route.ts";
import { Reason } from "../schemas.ts";
import { OperationView, undecidedView } from "./operation.view.ts";
import { readOperation, submit, viewOf } from "./submit.ts";

/** A body that may be left out. */
const Why = z.strictObject({ reason: Reason.optional() }).prefault({});
const MustSayWhy = z.strictObject({ reason: Reason });

/** What every order declares: stored with 202, repeatable, and it may wait for the decision. */
export const order = { answers: { 202: OperationView }, idempotent: true, waits: true } as const;

export function operationRoutes(parts: Parts) {
  const known = async (cp: string, mayBeRetired = false) => {
    const facts = await parts.fleet.one(cp);
    if (!facts) throw new Problem(404, `no charge point ${cp}`);
    if (facts.cp.retired && !mayBeRetired) throw new Problem(409, `${cp} is retired: reinstate it first`);
    return facts;
  };
  const service = (
    c: Context<ApiEnv>,
    type: "stop-cp" | "resume-cp",
    cp: string,
    why: { reason?: string | undefined },
  ) =>
    submit(c, parts, async (fields) => {
      await known(cp);
      return { ...fields, type, cp, ...said(why) };
    });
  return (
    new Hono<ApiEnv>()
      // Before those with a charge point's name: none is called "stop" to them.
      .post(
        "/cp/stop",
        route({ summary: "Takes every charge point out of service", json: MustSayWhy, ...order }),
        async (c) => {
          const { reason } = c.req.valid("json");
          return c.json(await submit(c, parts, (fields) => ({ ...fields, type: "stop-fleet", reason })), 202);
        },
      )
      .post(
        "/cp/resume",
        route({ summary: "Puts every charge point back into service", json: Why, ...order }),
        async (c) => {
          const why = c.req.valid("json");
          return c.json(
            await submit(c, parts, (fields) => ({ ...fields, type: "resume-fleet", ...said(why) })),
            202,
          );
        },
      )
      .post(
        "/cp/:cp_id/stop",
        route({
          summary: "Takes a charge point out of service",
          detail: "A session that runs there ends and is billed.",
          json: Why,
          ...order,
          problems: [409],
        }),
        async (c) => {
          const view = await service(c, "stop-cp", c.req.param("cp_id"), c.req.valid("json"));
          return c.json(view, 202);
        },
      )
      .post(
        "/cp/:cp_id/resume",
        route({
          summary: "Puts a charge point back into service",
          detail: "Also the operator's word that a quarantine is over.",
          json: Why,
          ...order,
          problems: [409],
        }),
        async (c) => {
          const view = await service(c, "resume-cp", c.req.param("cp_id"), c.req.valid("json"));
          return c.json(view, 202);
        },
      )
      .post(
        "/cp/:cp_id/retire",
        route({
          summary: "Retires a charge point that is not expected back",
          detail:
            "What it charged last goes to a review at the last reported register. It can be reinstated.",
          json: MustSayWhy,
          ...order,
        }),
        async (c) => {
          const cp = c.req.param("cp_id");
          const { reason } = c.req.valid("json");
          const view = await submit(c, parts, async (fields) => {
            await known(cp, true);
            return { ...fields, type: "retire-cp", cp, reason };
          });
          return c.json(view, 202);
        },
      )
      .post(
        "/cp/:cp_id/reinstate",
        route({ summary: "Brings a retired charge point back", json: MustSayWhy, ...order, problems: [409] }),
        async (c) => {
          const cp = c.req.param("cp_id");
          const { reason } = c.req.valid("json");
          const view = await submit(c, parts, async (fields) => {
            const facts = await known(cp, true);
            if (!facts.cp.retired) throw new Problem(409, `${cp} is not retired`);
            return { ...fields, type: "reinstate-cp", cp, reason };
          });
          return c.json(view, 202);
        },
      )
      .post(
        "/sessions/:session_id/stop",
        route({ summary: "Stops a running session; it is billed", json: Why, ...order }),
        async (c) => {
          const sid = c.req.param("session_id");
          const cp = cpOfSid(sid) ?? "";
          const why = c.req.valid("json");
          const view = await submit(c, parts, async (fields) => {
            const { cp: row, session } = await known(cp, true);
            // The claim tells whose session it is; without one nothing of this id runs.
            if (row.claim?.sid !== sid || (session && isOver(session.rank)))
              throw new Problem(404, `no running session ${sid}`);
            const { driver } = row.claim;
            return { ...fields, type: "stop-session", cp, sid, driver, ...said(why) };
          });
          return c.json(view, 202);
        },
      )
      .get(
        "/operations/:operation_id",
        route({
          summary: "Tells what became of an operator's request",
          detail: "queued → sent → applied, or refused with the reason.",
          answers: { 200: OperationView },
          polled: true,
        }),
        async (c) => {
          const id = c.req.param("operation_id");
          const row = await readOperation(parts, id);
          if (row) return c.json(await viewOf(parts, row));
          const operator = c.get("caller")?.sub ?? "";
          if (!isOwnOperation(operator, id)) throw new Problem(404, `no request ${id}`);
          return c.json(undecidedView(id, operator));
        },
      )
  );
}

function said({ reason }: { reason?: string | undefined }): { reason?: string } {
  return reason === undefined ? {} : { reason };
}
