// What a worker of a large fleet answers on its socket: JSON lines, one request each.
import * as z from "zod";
import { Id } from "../../wire/messages/index.ts";
import { ControlCommand } from "../charger/control.messages.ts";

export const WorkerRequest = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("figures") }),
  /** Every charge point's books. */
  z.strictObject({ do: z.literal("books") }),
  /** For the box of one charge point, as its own control socket would take it. */
  z.strictObject({ do: z.literal("charger"), cp: Id, command: ControlCommand }),
]);
export type WorkerRequest = z.infer<typeof WorkerRequest>;

const Count = z.number().int().min(0);

export const WorkerFigures = z.object({
  /** Charge points that it is to hold, and those opened so far. */
  holds: Count,
  opened: Count,
  /** Charge points with both links up. */
  connected: Count,
  relaysClosed: Count,
  /** Cars that got energy, ever. */
  served: Count,
  meteredWh: z.number(),
  /** Events in journals that are not in Kafka. */
  backlog: Count,
  /** The latest that its loop came round since it was asked last. */
  lateMs: z.number(),
});
export type WorkerFigures = z.infer<typeof WorkerFigures>;

export const CpBooks = z.object({ cp: Id, served: Count, meteredWs: z.number(), relayClosed: z.boolean() });
export type CpBooks = z.infer<typeof CpBooks>;

export const WorkerAnswer = z.discriminatedUnion("is", [
  z.object({ is: z.literal("figures"), figures: WorkerFigures }),
  z.object({ is: z.literal("books"), books: z.array(CpBooks) }),
  /** A charger's ControlAnswer. */
  z.object({ is: z.literal("charger"), answer: z.unknown() }),
  z.object({ is: z.literal("refused"), reason: z.string() }),
]);
export type WorkerAnswer = z.infer<typeof WorkerAnswer>;
