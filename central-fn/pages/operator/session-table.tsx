// Sessions as rows.
import { nowMs } from "../kit/clock.ts";
import { euroText, kwhText, whenText } from "../kit/format.ts";
import { hrefOf } from "../kit/hash-route.ts";
import type { Pages } from "../kit/pages.ts";
import { StatusBadge, type StatusKind } from "../kit/status.tsx";
import { type Column, Table } from "../kit/table.tsx";
import type { SessionRecord } from "./api-types.ts";
import { fleet } from "./fleet.ts";
import { Loaded } from "./list-parts.tsx";
import { texts } from "./texts.ts";

const kinds: Readonly<Record<string, StatusKind>> = {
  PENDING: "idle",
  APPROVED: "idle",
  CHARGING: "charging",
  COMPLETED: "on",
  DENIED: "stopped",
  FAILED: "broken",
  STOPPED: "on",
  CANCELLED: "stopped",
};

export function SessionStatus({
  session,
}: {
  session: Pick<SessionRecord, "status" | "interrupted" | "overdue">;
}) {
  const { status, interrupted, overdue } = session;
  const isOpen = status === "CHARGING" || status === "APPROVED" || status === "PENDING";
  return (
    <span class="row">
      <StatusBadge kind={kinds[status] ?? "idle"} word={texts.sessions.statuses[status] ?? status} />
      {isOpen && interrupted ? <StatusBadge kind="disconnected" word={texts.sessions.interrupted} /> : null}
      {isOpen && overdue ? <StatusBadge kind="stopped" icon="clock" word={texts.sessions.overdue} /> : null}
    </span>
  );
}

/** Those of the bill, and while it runs those that the fleet tells. */
export function figuresOf(session: Pick<SessionRecord, "session_id" | "cp_id" | "energy_kwh" | "cost_eur">) {
  const telemetry = fleet.value?.get(session.cp_id)?.telemetry;
  if (telemetry?.session_id === session.session_id) return telemetry;
  return { kwh: session.energy_kwh, euros: session.cost_eur };
}

export function SessionTable({ pages, without }: { pages: Pages<SessionRecord>; without?: "cp" }) {
  const words = texts.sessions;
  const columns: Column<SessionRecord>[] = [
    { head: words.requested, cell: ({ requested_at }) => whenText(requested_at, nowMs.value) },
    ...(without === "cp" ? [] : [{ head: words.cp, cell: ({ cp_id }: SessionRecord) => cp_id, whole: true }]),
    { head: words.driver, cell: ({ driver_id }) => driver_id, wide: without !== "cp" },
    { head: words.status, cell: (session) => <SessionStatus session={session} /> },
    { head: words.energy, cell: (session) => kwhText(figuresOf(session).kwh), figure: true, wide: true },
    { head: words.cost, cell: (session) => euroText(figuresOf(session).euros), figure: true },
  ];
  return (
    <Loaded pages={pages}>
      {(rows) => (
        <Table
          caption={words.title}
          rows={rows}
          keyOf={({ session_id }) => session_id}
          hrefOf={({ session_id }) => hrefOf(["sessions", session_id])}
          emptyWord={words.none}
          columns={columns}
        />
      )}
    </Loaded>
  );
}
