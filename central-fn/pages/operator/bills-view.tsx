// Bills of some days, newest end first; the same days for a spreadsheet.
import { useState } from "preact/hooks";
import { nowMs } from "../kit/clock.ts";
import { kwhText, minorText, priceText, whenText } from "../kit/format.ts";
import { hrefOf } from "../kit/hash-route.ts";
import { addressOf, download } from "../kit/http.ts";
import { Icon } from "../kit/icons.tsx";
import { usePages } from "../kit/pages.ts";
import { Table } from "../kit/table.tsx";
import { DayFilters, Filters, IdFilter, listQuery } from "./day-filters.tsx";
import { Loaded, MoreButton, ViewHead } from "./list-parts.tsx";
import { texts } from "./texts.ts";

export function BillsView() {
  const query = listQuery(["from", "to", "cp", "driver"]);
  const bills = usePages(addressOf("/cdrs", { query: { ...query, limit: 100 } }), ({ cdr_id }) => cdr_id);
  const words = texts.bills;
  return (
    <>
      <ViewHead title={words.title}>
        <CsvButton path={addressOf("/cdrs.csv", { query })} />
      </ViewHead>
      <Filters>
        <DayFilters />
        <IdFilter name="cp" word={texts.sessions.cp} />
        <IdFilter name="driver" word={texts.sessions.driver} />
      </Filters>
      <section class="card panel">
        <Loaded pages={bills}>
          {(rows) => (
            <Table
              caption={words.title}
              rows={rows}
              keyOf={({ cdr_id }) => cdr_id}
              hrefOf={({ cdr_id }) => hrefOf(["bills", cdr_id])}
              emptyWord={words.none}
              columns={[
                {
                  head: words.ended,
                  cell: ({ completed_at }) => whenText(completed_at, nowMs.value),
                },
                { head: texts.sessions.cp, cell: ({ cp_id }) => cp_id, whole: true },
                { head: texts.sessions.driver, cell: ({ driver_id }) => driver_id, wide: true },
                { head: words.energy, cell: ({ energy_kwh }) => kwhText(energy_kwh), figure: true },
                {
                  head: words.price,
                  cell: ({ price_eur_per_kwh }) => priceText(price_eur_per_kwh),
                  figure: true,
                  wide: true,
                },
                {
                  head: words.amount,
                  cell: ({ cost }) => <b>{minorText(cost.amount_minor)}</b>,
                  figure: true,
                },
              ]}
            />
          )}
        </Loaded>
        <MoreButton pages={bills} />
      </section>
    </>
  );
}

function CsvButton({ path }: { path: string }) {
  const [failed, setFailed] = useState<string | undefined>(undefined);
  return (
    <div class="acts">
      {failed === undefined ? null : (
        <span class="complaint" role="alert">
          {texts.bills.csvFailed} {failed}
        </span>
      )}
      <button type="button" onClick={() => void download(path, "bills.csv").then(setFailed)}>
        <Icon name="download" size={18} />
        {texts.bills.csv}
      </button>
    </div>
  );
}
