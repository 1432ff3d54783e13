// What operators did, when and why.

import { nowMs } from "../kit/clock.ts";
import { whenText } from "../kit/format.ts";
import { hrefOf } from "../kit/hash-route.ts";
import { addressOf } from "../kit/http.ts";
import { usePages } from "../kit/pages.ts";
import { StatusBadge } from "../kit/status.tsx";
import { Table } from "../kit/table.tsx";
import type { Act } from "./api-types.ts";
import { ChoiceFilter, DayFilters, Filters, IdFilter, listQuery } from "./day-filters.tsx";
import { Loaded, MoreButton, ViewHead } from "./list-parts.tsx";
import { texts } from "./texts.ts";

const actions = [
  "stop-cp",
  "resume-cp",
  "stop-session",
  "stop-fleet",
  "resume-fleet",
  "retire-cp",
  "reinstate-cp",
  "tariff",
  "settle-review",
  "close-review",
  "create-alert",
  "end-alert",
  "replay-letter",
  "dismiss-letter",
];

export function AuditView() {
  const query = listQuery(["from", "to", "operator", "cp", "action"]);
  const acts = usePages(
    addressOf("/audit", { query: { ...query, limit: 100 } }),
    ({ request_id }) => request_id,
  );
  const words = texts.audit;
  const nameOf = (action: string) => texts.orders.names[action] ?? action;
  return (
    <>
      <ViewHead title={words.title} text={words.text} />
      <Filters>
        <DayFilters />
        <IdFilter name="operator" word={words.who} />
        <IdFilter name="cp" word={texts.sessions.cp} />
        <ChoiceFilter
          name="action"
          word={words.action}
          choices={[["", words.any], ...actions.map((action) => [action, nameOf(action)] as const)]}
        />
      </Filters>
      <section class="card panel">
        <Loaded pages={acts}>
          {(rows) => (
            <Table
              caption={words.title}
              rows={rows}
              keyOf={({ request_id }) => request_id}
              emptyWord={words.none}
              columns={[
                {
                  head: words.when,
                  cell: ({ decided_at }) => whenText(decided_at, nowMs.value),
                },
                { head: words.what, cell: ({ action }) => nameOf(action) },
                { head: words.about, cell: (act) => <About act={act} />, whole: true },
                { head: words.reason, cell: ({ reason }) => reason ?? "–", wide: true },
                { head: words.who, cell: ({ operator_id }) => operator_id, wide: true },
                { head: words.outcome, cell: (act) => <Outcome act={act} /> },
              ]}
            />
          )}
        </Loaded>
        <MoreButton pages={acts} />
      </section>
    </>
  );
}

function About({ act: { cp_id, session_id } }: { act: Act }) {
  if (session_id !== null) return <a href={hrefOf(["sessions", session_id])}>{cp_id ?? session_id}</a>;
  return cp_id === null ? <>–</> : <a href={hrefOf(["cp", cp_id])}>{cp_id}</a>;
}

function Outcome({ act: { outcome, refused_because } }: { act: Act }) {
  if (outcome === "done") return <StatusBadge kind="on" word={texts.audit.done} />;
  return <span class="complaint">{texts.audit.refused(refused_because ?? texts.unknown)}</span>;
}
