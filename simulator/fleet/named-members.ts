// The one charge point or driver that CP_ID or DRIVER_ID names for this host: its file is written when it is new, as
// `ev add-cp` and `ev add-driver` would write it.
import { firstDynamicPort, newCpFile, newDriverFile } from "./additions.ts";
import { addMembers, memberPath } from "./edit.ts";
import { readFleetAsItIs } from "./fleet-files.ts";
import type { Fleet } from "./fleet-schemas.ts";
import type { Places } from "./places.ts";

/** The fleet with both in it; `say` is told of each file that was written. Throws a Complaint. */
export function withNamedMembers(
  places: Places,
  fleet: Fleet,
  { onlyCp, onlyDriver }: { onlyCp?: string | undefined; onlyDriver?: string | undefined },
  say: (text: string) => void,
): Fleet {
  const newCp = onlyCp !== undefined && !fleet.cps.some(({ cp_id }) => cp_id === onlyCp);
  const newDriver =
    onlyDriver !== undefined && !fleet.drivers.some(({ driver_id }) => driver_id === onlyDriver);
  if (!newCp && !newDriver) return fleet;
  const ports = new Set(fleet.drivers.map(({ port }) => port));
  let port = firstDynamicPort;
  while (ports.has(port)) port++;
  addMembers(places, {
    cps: newCp ? [newCpFile(onlyCp)] : [],
    drivers: newDriver ? [newDriverFile(onlyDriver, port, fleet)] : [],
  });
  for (const id of [...(newCp ? [onlyCp] : []), ...(newDriver ? [onlyDriver] : [])])
    say(`wrote ${memberPath(places, id)} (edit it as you like)`);
  return readFleetAsItIs(places.fleet);
}
