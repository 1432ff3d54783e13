// What the words of `ev add-cp` ask for, and whether the fleet has room for it. Pure.
import { usualKw, usualPrice } from "../fleet/additions.ts";
import { Complaint } from "../fleet/complaint.ts";
import type { Fleet } from "../fleet/fleet-schemas.ts";
import { serviceNames } from "../fleet/names.ts";
import { amountIn, cpIdsIn, cpNumberIn } from "../fleet/typed-names.ts";
import { listText } from "./text.ts";

/** A price above this is mostly another charge point's number. */
const greatestPrice = 5;
export interface TypedCps {
  ids: string[];
  powerKw: number;
  price: number;
}

/** Reads `11`, `11..15 50 0.35`, `11,14,20`. Throws a Complaint. */
export function typedCps(words: readonly string[]): TypedCps {
  const [numbers, kw, price, ...more] = words;
  if (numbers === undefined)
    throw new Complaint("add which charge point? For instance `ev add-cp 11`, `ev add-cp 11..15 50 0.35`");
  const ids = cpIdsIn(numbers);
  if (more.length > 0) {
    const all = words.every((word) => cpNumberIn(word) !== undefined);
    const hint = all
      ? `several points are written \`ev add-cp ${words.join(",")}\``
      : `${more[0]} is too much`;
    throw new Complaint(`add-cp takes numbers, then kW, then €/kWh: ${hint}`);
  }
  const powerKw = kw === undefined ? usualKw : amountIn(kw, "power", 1.4, 1_000, "kW");
  const euros = price === undefined ? usualPrice : amountIn(price, "price", 0, greatestPrice, "€/kWh");
  if (Math.abs(euros * 1e5 - Math.round(euros * 1e5)) > 1e-6)
    throw new Complaint(`price "${price}": at most five decimals, as in \`ev add-cp 11 22 0.30\``);
  return { ids, powerKw, price: euros };
}

/** Throws a Complaint when one of the ids is taken. */
export function refuseTaken(ids: readonly string[], fleet: Fleet): void {
  const taken = new Set(fleet.cps.map(({ cp_id }) => serviceNames.engine(cp_id)));
  const twice = ids.filter((id) => taken.has(serviceNames.engine(id)));
  const { cps } = fleet.system.simulated;
  const simulated = ids.filter((id) => (cpNumberIn(id) ?? 0) <= cps);
  if (twice.length === 0 && simulated.length === 0) return;
  const free = freeNumber(fleet);
  const why =
    twice.length > 0
      ? `${listText(twice)} ${twice.length === 1 ? "exists" : "exist"} already`
      : `${listText(simulated)} ${simulated.length === 1 ? "is" : "are"} among the ${cps} simulated ones`;
  const edit = twice.length > 0 ? ", or edit its file and `ev apply`" : "";
  throw new Complaint(
    `${why}: nothing was added; the next free number is ${free} (\`ev add-cp ${free}\`)${edit}`,
  );
}

function freeNumber(fleet: Fleet): number {
  const taken = new Set(fleet.cps.map(({ cp_id }) => cpNumberIn(cp_id)));
  let n = fleet.system.simulated.cps + 1;
  while (taken.has(n)) n++;
  return n;
}
