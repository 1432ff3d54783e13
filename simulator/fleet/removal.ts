// From what somebody typed to the members of the fleet that are meant to go. Pure.
import { baseFleet } from "./base-fleet.ts";
import { Complaint } from "./complaint.ts";
import { idsOf } from "./edit.ts";
import type { Fleet } from "./fleet-schemas.ts";
import { nearNames, serviceNames } from "./names.ts";
import { cpIdsIn } from "./typed-names.ts";

/** `11`, `11..15`, `CP-011`, `frank`, `driver-frank`, `ev-cp-e-11`, `ev-driver-frank`. Throws a Complaint. */
export function membersMeant(words: readonly string[], fleet: Fleet): string[] {
  const byName = new Map<string, string>();
  for (const { cp_id } of fleet.cps) {
    const { engine, monitor, charger } = serviceNames;
    for (const name of [cp_id, engine(cp_id), monitor(cp_id), charger(cp_id)])
      byName.set(name.toLowerCase(), cp_id);
  }
  for (const { driver_id } of fleet.drivers)
    for (const name of [driver_id, driver_id.replace(/^driver-/, ""), serviceNames.driver(driver_id)])
      byName.set(name.toLowerCase(), driver_id);
  const meant = words.flatMap((word) => {
    const named = byName.get(word.toLowerCase());
    if (named !== undefined) return [named];
    if (/^(?:cp-)?\d/i.test(word))
      return cpIdsIn(word).map((id) => {
        const own = byName.get(serviceNames.engine(id));
        if (own === undefined) throw new Complaint(`there is no ${id}: \`ev ps\` lists what there is`);
        return own;
      });
    throw new Complaint(unknownText(word, [...byName.keys()]));
  });
  return [...new Set(meant)];
}

const shared: readonly string[] = [
  serviceNames.kafka,
  serviceNames.mqtt,
  serviceNames.bridge,
  serviceNames.central,
];

function unknownText(word: string, known: readonly string[]): string {
  if (shared.includes(word) || shared.includes(`ev-${word}`))
    return `${word} is part of every fleet and stays: \`ev stop ${word}\` stops it`;
  const near = nearNames(word, known);
  return `there is no charge point or driver ${word}: ${near.length > 0 ? `did you mean ${near.join(" or ")}?` : "`ev ps` lists what there is"}`;
}

/** All that is not of the base fleet. */
export function dynamicMembers(fleet: Fleet): string[] {
  const base = new Set(idsOf(baseFleet()));
  return idsOf(fleet).filter((id) => !base.has(id));
}
