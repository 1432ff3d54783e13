// Messages that could not be used.

import { nowMs } from "../kit/clock.ts";
import { whenText } from "../kit/format.ts";
import { hrefOf } from "../kit/hash-route.ts";
import { addressOf } from "../kit/http.ts";
import { usePages } from "../kit/pages.ts";
import { Table } from "../kit/table.tsx";
import { ChoiceFilter, Filters, IdFilter, listQuery } from "./day-filters.tsx";
import { Loaded, MoreButton, ViewHead } from "./list-parts.tsx";
import { texts } from "./texts.ts";

export function LettersView() {
  const query = listQuery(["cp"]);
  const isAll = listQuery(["all"]).all === "true";
  const letters = usePages(
    addressOf("/dead-letters", { query: { ...query, ...(!isAll && { resolved: "false" }), limit: 100 } }),
    ({ ref }) => ref,
  );
  const words = texts.letters;
  return (
    <>
      <ViewHead title={words.title} text={words.text} />
      <Filters>
        <ChoiceFilter
          name="all"
          word={words.show}
          choices={[
            ["", words.open],
            ["true", words.all],
          ]}
        />
        <IdFilter name="cp" word={words.cp} />
      </Filters>
      <section class="card panel">
        <Loaded pages={letters}>
          {(rows) => (
            <Table
              caption={words.title}
              rows={rows}
              keyOf={({ ref }) => ref}
              hrefOf={({ ref }) => hrefOf(["dead-letters", ref])}
              emptyWord={words.none}
              columns={[
                { head: words.at, cell: ({ at }) => whenText(at, nowMs.value) },
                { head: words.cp, cell: ({ cp_id }) => cp_id ?? texts.unknown, whole: true },
                { head: words.reason, cell: ({ reason }) => reason },
                { head: words.where, cell: ({ where }) => words.wheres[where], wide: true },
                {
                  head: texts.audit.outcome,
                  cell: ({ resolution }) =>
                    resolution ? words.resolved(resolution.how, resolution.by) : words.open,
                  wide: true,
                },
              ]}
            />
          )}
        </Loaded>
        <MoreButton pages={letters} />
      </section>
    </>
  );
}
