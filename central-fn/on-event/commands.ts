// Commands in a charge point's row: given out in one commit with what they follow from, taken out by the answer.
import type { Command, StopReason } from "../../wire/messages/index.ts";
import type { CpRow, OpenCommand } from "../tables/rows.ts";
import type { CpDraft } from "./draft.ts";
import { publication } from "./published.ts";

/** A start is void on the device so long after Central's decision. */
export const startTtlMs = 30_000;
export const plugInTimeoutS = 120;
const commandsAtMost = 32;

type Distribute<T> = T extends unknown
  ? Omit<T, "kind" | "v" | "cp" | "fence" | "echo" | "ttlMs" | "issuedAt">
  : never;
/** What tells one command from another; the rest comes from the charge point's row. */
export type CommandBody = Distribute<Command>;

/** Stores the command and publishes it; one that is still open under the same id is only published again. */
export function command(
  draft: CpDraft,
  body: CommandBody,
  of: { sid: string | null; driver: string | null; operation?: string },
): void {
  const { row, cp } = draft;
  const open = row.commands.find((other) => other.cmdId === body.cmdId);
  if (open) return draft.send(publication(cp, open));
  const message = {
    kind: "command",
    v: 1,
    cp,
    fence: row.fence,
    ...validity(row, draft.nowMs),
    issuedAt: draft.nowMs,
    ...body,
  } as Command;
  const stored: OpenCommand = {
    cmdId: body.cmdId,
    op: body.op,
    sid: of.sid,
    driver: of.driver,
    message: { ...message },
    storedAtMs: draft.nowMs,
    publishedAtMs: null,
    publishes: 0,
    ...(of.operation === undefined ? {} : { operation: of.operation }),
  };
  draft.change({ commands: [...row.commands, stored].slice(-commandsAtMost) });
  draft.send(publication(cp, stored));
}

/** Expiry without a common clock: the newest stamp of the device, and how old it may be when the command arrives. */
function validity(row: CpRow, nowMs: number): Pick<Command, "echo" | "ttlMs"> {
  if (!row.engine) return { echo: null, ttlMs: startTtlMs };
  const { stamp, stampIngestMs } = row.engine;
  return {
    echo: { boot: stamp.boot, mono: stamp.mono },
    ttlMs: startTtlMs + Math.max(0, nowMs - stampIngestMs),
  };
}

/** Why a stop goes out; it names the command, so that its answer tells how the session closes. */
export type StopCause = "stop" | "unknown" | "lost";

/** Stops a session whatever became of its start; the same cause for the same session is the same command. */
export function stopSupply(draft: CpDraft, sid: string, driver: string, cause: StopCause): void {
  const reason: StopReason = cause === "stop" ? "Remote" : "Other";
  command(draft, { op: "stop-supply", cmdId: `${sid}-${cause}`, sid, reason }, { sid, driver });
}

export function causeOfStop(cmdId: string): StopCause {
  if (cmdId.endsWith("-unknown")) return "unknown";
  return cmdId.endsWith("-lost") ? "lost" : "stop";
}

/** Takes commands out of the row. */
export function dropCommands(draft: CpDraft, which: (open: OpenCommand) => boolean): void {
  const { commands } = draft.row;
  const kept = commands.filter((open) => !which(open));
  if (kept.length < commands.length) draft.change({ commands: kept });
}
