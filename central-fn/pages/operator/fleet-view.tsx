// The fleet by place or by status, with filters that stand in the address.

import { useCallback, useMemo, useState } from "preact/hooks";
import { goTo, hrefOf, place } from "../kit/hash-route.ts";
import { orderOf } from "../kit/http.ts";
import { Icon } from "../kit/icons.tsx";
import { WindowList } from "../kit/window-list.tsx";
import type { ChargePointDetail } from "./api-types.ts";
import { AskDialog } from "./ask-dialog.tsx";
import { Card } from "./card.tsx";
import {
  connectorsOf,
  type Group,
  type GroupBy,
  groupsOf,
  type Kind,
  type Show,
  type Wanted,
} from "./fleet.rules.ts";
import { fleet, totals } from "./fleet.ts";
import { give } from "./orders.ts";
import { texts } from "./texts.ts";
import { Tiles } from "./tiles.tsx";

type Row =
  | { is: "head"; name: string; points: number }
  | { is: "cards"; key: string; points: readonly ChargePointDetail[] };

const gap = 12;
const cardHeight = 104;
const headHeight = 46;
const leastCardWidth = 232;

export function FleetView() {
  const wanted = wantedOf(place.value.query);
  const [columns, setColumns] = useState(1);
  const onWidth = useCallback((width: number) => {
    setColumns(Math.max(1, Math.floor((width + gap) / (leastCardWidth + gap))));
  }, []);
  const all = fleet.value;
  const { show, text, connector, group } = wanted;
  const groups = useMemo(
    () => (all ? groupsOf(all, { show, text, connector, group }) : []),
    [all, show, text, connector, group],
  );
  const isPacked = group === "place" && arePacked(groups);
  const rows = useMemo(() => rowsOf(groups, columns, isPacked), [groups, columns, isPacked]);
  const shown = groups.reduce((n, { points }) => n + points.length, 0);
  const change = (changed: Partial<Wanted>) => goTo(addressOf({ ...wanted, ...changed }), { replace: true });
  const isFiltered = show !== "all" || text !== "" || connector !== "";
  return (
    <>
      <h1 class="only-read">{texts.fleet.title}</h1>
      <Tiles show={show} onShow={(next) => change({ show: next })} />
      <Filters wanted={wanted} onChange={change} />
      <div class="list-head">
        <p role="status" class="faint">
          {all ? texts.fleet.shown(shown, all.size) : texts.loading}
        </p>
        {isFiltered ? (
          <button type="button" class="button-quiet button-small" onClick={() => change(nothingWanted)}>
            {texts.fleet.clear}
          </button>
        ) : null}
        <FleetOrders />
      </div>
      {all && shown === 0 ? (
        <p class="empty card">{all.size === 0 ? texts.fleet.empty : texts.fleet.nothing}</p>
      ) : null}
      <WindowList rows={rows} keyOf={keyOf} heightOf={heightOf} onWidth={onWidth}>
        {(row) =>
          row.is === "head" ? (
            <GroupHead row={row} group={group} />
          ) : (
            <Cards row={row} columns={columns} namesCity={isPacked || group === "status"} />
          )
        }
      </WindowList>
    </>
  );
}

const keyOf = (row: Row) => (row.is === "head" ? `# ${row.name}` : row.key);
const heightOf = (row: Row) => (row.is === "head" ? headHeight : cardHeight + gap);

/** Places with a point or two each would be headings with nothing under them: then the cards name their place. */
function arePacked(groups: readonly Group[]): boolean {
  const points = groups.reduce((n, group) => n + group.points.length, 0);
  return groups.length > 2 && points < 3 * groups.length;
}

function rowsOf(groups: readonly Group[], columns: number, isPacked: boolean): Row[] {
  const lists = isPacked ? [{ name: "", points: groups.flatMap(({ points }) => points) }] : groups;
  return lists.flatMap(({ name, points }) => {
    const rows: Row[] = isPacked ? [] : [{ is: "head", name, points: points.length }];
    for (let from = 0; from < points.length; from += columns) {
      const some = points.slice(from, from + columns);
      rows.push({ is: "cards", key: `${name}/${from}`, points: some });
    }
    return rows;
  });
}

function GroupHead({ row, group }: { row: Row & { is: "head" }; group: GroupBy }) {
  const name =
    group === "status" ? texts.kinds[row.name as Kind] : row.name === "" ? texts.noPlace : row.name;
  return (
    <h2 class="group-head">
      {name} <span class="faint">{texts.fleet.inGroup(row.points)}</span>
    </h2>
  );
}

interface CardsProps {
  row: Row & { is: "cards" };
  columns: number;
  namesCity: boolean;
}

function Cards({ row, columns, namesCity }: CardsProps) {
  return (
    <div class="cards" style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
      {row.points.map((point) => (
        <Card key={point.cp_id} point={point} namesCity={namesCity} />
      ))}
    </div>
  );
}

function Filters({ wanted, onChange }: { wanted: Wanted; onChange(changed: Partial<Wanted>): void }) {
  const all = fleet.value;
  const connectors = useMemo(() => (all ? connectorsOf(all) : []), [all]);
  const { attention } = totals.value;
  return (
    <search class="filters">
      <label class="search">
        <span class="only-read">{texts.fleet.search}</span>
        <Icon name="search" />
        <input
          type="search"
          value={wanted.text}
          placeholder={`${texts.fleet.search}: ${texts.fleet.searchHint}`}
          onInput={(event) => onChange({ text: event.currentTarget.value })}
        />
      </label>
      <label>
        <span class="only-read">{texts.fleet.connector}</span>
        <select
          value={wanted.connector}
          onChange={(event) => onChange({ connector: event.currentTarget.value })}
        >
          <option value="">{texts.fleet.anyConnector}</option>
          {connectors.map((type) => (
            <option key={type} value={type}>
              {type}
            </option>
          ))}
        </select>
      </label>
      <fieldset class="choice">
        <legend class="only-read">{texts.fleet.group}</legend>
        {(["place", "status"] as const).map((group) => (
          <label key={group} class={wanted.group === group ? "chosen" : ""}>
            <input
              type="radio"
              name="group"
              class="only-read"
              checked={wanted.group === group}
              onChange={() => onChange({ group })}
            />
            {group === "place" ? texts.fleet.byPlace : texts.fleet.byStatus}
          </label>
        ))}
      </fieldset>
      {attention > 0 || wanted.show === "attention" ? (
        <button
          type="button"
          aria-pressed={wanted.show === "attention"}
          onClick={() => onChange({ show: wanted.show === "attention" ? "all" : "attention" })}
        >
          <Icon name="alert" size={16} />
          {texts.fleet.attentionOnly} ({attention})
        </button>
      ) : null}
    </search>
  );
}

/** The two commands to all of them. */
function FleetOrders() {
  const [asked, setAsked] = useState<"stop" | "resume" | undefined>(undefined);
  const ask = asked === "stop" ? texts.ask.stopAll : texts.ask.resumeAll;
  return (
    <div class="list-acts">
      <button type="button" class="button-small" onClick={() => setAsked("stop")}>
        {texts.fleet.stopAll}
      </button>
      <button type="button" class="button-small" onClick={() => setAsked("resume")}>
        {texts.fleet.resumeAll}
      </button>
      {asked === undefined ? null : (
        <AskDialog
          {...ask}
          danger={asked === "stop"}
          reason={asked === "stop" ? "required" : "optional"}
          onClose={() => setAsked(undefined)}
          onAct={(reason) =>
            void give({
              type: `${asked}-fleet`,
              about: "",
              cp: undefined,
              call:
                asked === "stop"
                  ? orderOf("POST", "/cp/stop", { json: { reason: reason ?? "" } })
                  : orderOf("POST", "/cp/resume", { json: { reason } }),
            })
          }
        />
      )}
    </div>
  );
}

const nothingWanted: Partial<Wanted> = { show: "all", text: "", connector: "" };
const shows: readonly Show[] = ["all", "on", "charging", "broken", "disconnected", "stopped", "attention"];

function wantedOf(query: URLSearchParams): Wanted {
  return {
    show: shows.find((show) => show === query.get("show")) ?? "all",
    text: query.get("q") ?? "",
    connector: query.get("connector") ?? "",
    group: query.get("by") === "status" ? "status" : "place",
  };
}

function addressOf({ show, text, connector, group }: Wanted): string {
  return hrefOf([], {
    show: show === "all" ? undefined : show,
    q: text,
    connector,
    by: group === "status" ? group : undefined,
  });
}
