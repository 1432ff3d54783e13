// Which commands are in Kafka: the second commit after a publication, and publishing again what is not.
import type { Downlink } from "../../wire/messages/index.ts";
import { type CpRow, keys, type OpenCommand } from "../tables/rows.ts";
import { type Decision, nothing, type Plan, type Rows, type Send, unread } from "./plan.ts";

/** Notes that these commands of the charge point are in Kafka; those answered meanwhile are no longer there. */
export function markPublished(rows: Rows, cp: string, cmdIds: readonly string[], nowMs: number): Plan {
  const key = keys.cp(cp);
  const need = unread(rows, [key]);
  if (need) return need;
  const row = rows.get<CpRow>(key);
  if (!row?.value.commands.some((command) => cmdIds.includes(command.cmdId))) return nothing;
  const commands = row.value.commands.map((command) =>
    cmdIds.includes(command.cmdId)
      ? { ...command, publishedAtMs: nowMs, publishes: command.publishes + 1 }
      : command,
  );
  const decision: Decision = {
    writes: [{ do: "put", key, value: { ...row.value, commands }, expect: row.version }],
    sends: [],
    logs: [],
  };
  return decision;
}

/** The command as it stands in its row: the same bytes each time. */
export function publication(cp: string, command: OpenCommand): Send {
  return { to: "cp", cp, message: command.message as unknown as Downlink };
}

/** What a repeated record must still do: send what a crash kept from being sent. */
export function unpublished(row: CpRow): Send[] {
  return row.commands
    .filter((command) => command.publishedAtMs === null)
    .map((command) => publication(row.cp, command));
}
