// What nobody can vouch for and waits for an operator; and what was decided before.

import { nowMs } from "../kit/clock.ts";
import { minorText, whenText } from "../kit/format.ts";
import { hrefOf } from "../kit/hash-route.ts";
import { addressOf } from "../kit/http.ts";
import { usePages } from "../kit/pages.ts";
import { Table } from "../kit/table.tsx";
import { ChoiceFilter, Filters, listQuery } from "./day-filters.tsx";
import { Loaded, MoreButton, ViewHead } from "./list-parts.tsx";
import { texts } from "./texts.ts";

export function ReviewsView() {
  const query = listQuery(["settled"]);
  const isSettled = query.settled === "true";
  const reviews = usePages(
    addressOf("/reviews", { query: { ...query, limit: 100 } }),
    ({ review_id }) => review_id,
  );
  const words = texts.reviews;
  return (
    <>
      <ViewHead title={words.title} text={words.text} />
      <Filters>
        <ChoiceFilter
          name="settled"
          word={words.show}
          choices={[
            ["", words.open],
            ["true", words.settled],
          ]}
        />
      </Filters>
      <section class="card panel">
        <Loaded pages={reviews}>
          {(rows) => (
            <Table
              caption={words.title}
              rows={rows}
              keyOf={({ review_id }) => review_id}
              hrefOf={({ review_id }) => hrefOf(["reviews", review_id])}
              emptyWord={isSettled ? words.noneSettled : words.none}
              columns={[
                { head: texts.sessions.cp, cell: ({ cp_id }) => cp_id, whole: true },
                { head: words.cause, cell: ({ cause }) => <span class="sentence">{cause}</span> },
                {
                  head: texts.sessions.driver,
                  cell: ({ driver_id }) => driver_id ?? words.nobody,
                  wide: true,
                },
                {
                  head: words.opened,
                  cell: ({ opened_at }) => whenText(opened_at, nowMs.value),
                  wide: true,
                  whole: true,
                },
                isSettled
                  ? {
                      head: words.decision,
                      cell: ({ settled }) =>
                        settled
                          ? words.by(words.decisions[settled.decision] ?? settled.decision, settled.by)
                          : "–",
                    }
                  : {
                      head: words.amount,
                      cell: ({ amount }) => minorText(amount?.amount_minor),
                      figure: true,
                    },
              ]}
            />
          )}
        </Loaded>
        <MoreButton pages={reviews} />
      </section>
    </>
  );
}
