// Sessions of some days, newest request first.
import { addressOf } from "../kit/http.ts";
import { usePages } from "../kit/pages.ts";
import { ChoiceFilter, DayFilters, Filters, IdFilter, listQuery } from "./day-filters.tsx";
import { MoreButton, ViewHead } from "./list-parts.tsx";
import { SessionTable } from "./session-table.tsx";
import { texts } from "./texts.ts";

export function SessionsView() {
  const query = listQuery(["from", "to", "cp", "driver", "status", "flag"]);
  const sessions = usePages(
    addressOf("/sessions", { query: { ...query, limit: 100 } }),
    ({ session_id }) => session_id,
  );
  const words = texts.sessions;
  return (
    <>
      <ViewHead title={words.title} />
      <Filters>
        <DayFilters />
        <IdFilter name="cp" word={words.cp} />
        <IdFilter name="driver" word={words.driver} />
        <ChoiceFilter
          name="status"
          word={words.status}
          choices={[["", words.any], ...Object.entries(words.statuses)]}
        />
        <ChoiceFilter
          name="flag"
          word={words.flag}
          choices={[
            ["", words.any],
            ["interrupted", words.interrupted],
            ["overdue", words.overdue],
          ]}
        />
      </Filters>
      <section class="card panel">
        <SessionTable pages={sessions} />
        <MoreButton pages={sessions} />
      </section>
    </>
  );
}
