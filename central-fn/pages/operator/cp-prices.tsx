// A charge point's prices by version: whose word each was, and since when it holds.

import { nowMs } from "../kit/clock.ts";
import { priceText, whenText } from "../kit/format.ts";
import { addressOf } from "../kit/http.ts";
import { usePages } from "../kit/pages.ts";
import { StatusBadge } from "../kit/status.tsx";
import { Table } from "../kit/table.tsx";
import { MoreButton } from "./list-parts.tsx";
import { texts } from "./texts.ts";

export function CpPrices({ id }: { id: string }) {
  const prices = usePages(
    addressOf("/cp/:cp_id/tariffs", { param: { cp_id: id }, query: { limit: 50 } }),
    ({ version }) => `${version}`,
  );
  const { prices: words } = texts.cp;
  return (
    <section class="card panel stack">
      <h2>{words.title}</h2>
      {prices.rows === undefined ? (
        <p class="faint">{texts.loading}</p>
      ) : (
        <Table
          caption={words.title}
          rows={prices.rows}
          keyOf={({ version }) => `${version}`}
          emptyWord={words.none}
          columns={[
            { head: words.version, cell: ({ version }) => version },
            {
              head: words.price,
              cell: (price) => (
                <>
                  {priceText(price.price_eur_per_kwh)}{" "}
                  {price.current ? <StatusBadge kind="on" word={words.current} /> : null}
                </>
              ),
            },
            { head: words.from, cell: ({ from }) => whenText(from, nowMs.value) },
            { head: words.by, cell: ({ set_by }) => set_by ?? words.own, wide: true },
            { head: words.reason, cell: ({ reason }) => reason ?? "–", wide: true },
          ]}
        />
      )}
      <MoreButton pages={prices} />
    </section>
  );
}
