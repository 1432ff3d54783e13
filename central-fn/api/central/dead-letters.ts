// /dead-letters: messages that could not be used, with the reason; shown with their bytes, replayed or dismissed.
//
// A letter's own id holds slashes; in addresses it stands as `ref`, its base64url.
import { Hono } from "hono";
import * as z from "zod";
import { eventOf, replayOf } from "../../rules/dead-letter.ts";
import { operatorPartitions } from "../../tables/operator-rows.ts";
import { type DeadLetterRow, keys } from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { instant } from "../charge-point.view.ts";
import { paged, pageOf, placeOfInstant } from "../paging.ts";
import type { Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { route } from "../route.ts";
import { CpId, Instant, Reason } from "../schemas.ts";
import { OperationView } from "./operation.view.ts";
import { order } from "./operations.ts";
import { submit } from "./submit.ts";

const Letter = z.object({
  id: z.string(),
  ref: z.string().describe("Its id as it stands in addresses"),
  where: z.enum(["bridge", "central"]),
  topic: z.string(),
  reason: z.string(),
  event: z.string().nullable().describe("charge point/source/journal/epoch/sequence, where it could be read"),
  cp_id: CpId.nullable(),
  at: Instant.nullable(),
  replays: z.int().describe("Times it was replayed and became a dead letter again"),
  resolved: z.boolean(),
  resolution: z
    .object({
      how: z.string().describe("replayed or dismissed"),
      by: z.string(),
      reason: z.string().nullable(),
      at: Instant.nullable(),
    })
    .nullable(),
});
const LetterWithBytes = Letter.extend({
  payload_base64: z.string(),
  payload_text: z.string().describe("The bytes read as UTF-8"),
  replay_refused: z.string().nullable().describe("Why its own bytes cannot be replayed; null: they can"),
});

const Letters = z.object({
  ...paged,
  resolved: z.enum(["true", "false"]).optional().describe("Default: all"),
  cp: CpId.optional(),
});
const Replay = z.strictObject({
  reason: Reason,
  repaired: z
    .string()
    .min(2)
    .max(16_384)
    .optional()
    .describe("The event as JSON, repaired: of the same charge point, journal, epoch and sequence"),
});
const Dismissal = z.strictObject({ reason: Reason });
const Accepted = OperationView.extend({ dead_letter_id: z.string() });

export function deadLetterRoutes(parts: Parts) {
  const { table } = parts;
  const letterOf = async (ref: string) => {
    const id = Buffer.from(ref, "base64url").toString();
    const row = id === "" ? undefined : await table.get<DeadLetterRow>(keys.deadLetter(id));
    if (!row) throw new Problem(404, `no dead letter ${ref}`);
    return row.value;
  };
  const unresolved = async (ref: string) => {
    const letter = await letterOf(ref);
    if (letter.resolved) throw new Problem(409, `it was resolved before: ${letter.resolved.how}`);
    return letter;
  };
  return new Hono<ApiEnv>()
    .get(
      "/dead-letters",
      route({
        summary: "Lists messages that could not be used, newest first",
        query: Letters,
        answers: { 200: z.array(Letter) },
        paged: true,
      }),
      async (c) => {
        const { resolved, cp, ...asked } = c.req.valid("query");
        const rows = await table.query<DeadLetterRow>(operatorPartitions.deadLetters);
        const letters = rows
          .map(({ value }) => value)
          .filter((letter) => resolved === undefined || (letter.resolved !== null) === (resolved === "true"))
          .filter((letter) => cp === undefined || eventOf(letter)?.cp === cp);
        const page = pageOf(c, letters, ({ atMs, id }) => placeOfInstant(atMs, id), asked);
        return c.json(page.map(letterView));
      },
    )
    .get(
      "/dead-letters/:letter_ref",
      route({ summary: "Shows a dead letter with its bytes", answers: { 200: LetterWithBytes } }),
      async (c) => {
        const letter = await letterOf(c.req.param("letter_ref"));
        const replay = replayOf(letter, eventOf(letter), undefined);
        return c.json({
          ...letterView(letter),
          payload_base64: letter.payloadBase64,
          payload_text: Buffer.from(letter.payloadBase64, "base64").toString(),
          replay_refused: letter.resolved
            ? `it was resolved before: ${letter.resolved.how}`
            : replay.ok
              ? null
              : replay.reason,
        });
      },
    )
    .post(
      "/dead-letters/:letter_ref/replay",
      route({
        summary: "Sends a dead letter's record to its topic again",
        detail:
          "It has its effect once, however often it is replayed. One that is still of no use opens again, with the new reason.",
        json: Replay,
        ...order,
        answers: { 202: Accepted },
        problems: [409, 422],
      }),
      async (c) => {
        const { reason, repaired } = c.req.valid("json");
        const ref = c.req.param("letter_ref");
        const view = await submit(c, parts, async (fields) => {
          const letter = await unresolved(ref);
          const replay = replayOf(letter, eventOf(letter), repaired);
          if (!replay.ok) throw new Problem(422, replay.reason);
          const common = { ...fields, type: "replay-letter" as const, letter: letter.id, reason };
          return repaired === undefined ? common : { ...common, repaired };
        });
        return c.json({ ...view, dead_letter_id: idOf(ref) }, 202);
      },
    )
    .post(
      "/dead-letters/:letter_ref/dismiss",
      route({
        summary: "Gives a dead letter up for good",
        detail: "Its device may then forget the event. What it would have billed is not billed.",
        json: Dismissal,
        ...order,
        answers: { 202: Accepted },
        problems: [409],
      }),
      async (c) => {
        const { reason } = c.req.valid("json");
        const ref = c.req.param("letter_ref");
        const view = await submit(c, parts, async (fields) => {
          const letter = await unresolved(ref);
          return { ...fields, type: "dismiss-letter", letter: letter.id, reason };
        });
        return c.json({ ...view, dead_letter_id: idOf(ref) }, 202);
      },
    );
}

function idOf(ref: string): string {
  return Buffer.from(ref, "base64url").toString();
}

function letterView(letter: DeadLetterRow): z.infer<typeof Letter> {
  const { id, where, topic, reason, event, atMs, resolved, replays = 0 } = letter;
  return {
    id,
    ref: Buffer.from(id).toString("base64url"),
    where,
    topic,
    reason,
    event,
    cp_id: eventOf(letter)?.cp ?? null,
    at: instant(atMs),
    replays,
    resolved: resolved !== null,
    resolution: resolved && {
      how: resolved.how,
      by: resolved.by,
      reason: resolved.reason ?? null,
      at: instant(resolved.atMs),
    },
  };
}
