// From what somebody typed to clients of the MQTT broker. Pure.
import { deviceOfClient, rightsOf } from "../../wire/messages/index.ts";
import { Complaint } from "../fleet/complaint.ts";
import { numberOf, serviceNames } from "../fleet/names.ts";
import { cpIdOf, cpIdsIn } from "../fleet/typed-names.ts";

/**
 * `11`, `11..15`, `CP-011` are engine and monitor; `ev-cp-e-11`, `CP-011-engine` one of them; `bridge` the bridge;
 * `watch-…` somebody who only listens. `known` are the names at the broker. Throws a Complaint.
 */
export function clientsMeant(words: readonly string[], known: readonly string[]): string[] {
  return [...new Set(words.flatMap((word) => clientsOf(word, known)))];
}

function clientsOf(word: string, known: readonly string[]): string[] {
  if (word === "bridge" || word === serviceNames.bridge) {
    const bridges = known.filter((name) => name.startsWith("bridge-") && !deviceOfClient(name));
    return bridges.length > 0 ? bridges : ["bridge-bridge-all"];
  }
  const [, letter, digits] = /^ev-cp-([em])-0*(\d{1,6})$/i.exec(word) ?? [];
  if (digits) return [`${cpIdOf(Number(digits))}-${letter?.toLowerCase() === "e" ? "engine" : "monitor"}`];
  if (rightsOf(word).length > 0) return [word];
  // An id of another form than CP-011 is known by its clients alone.
  const own = [`${word}-engine`, `${word}-monitor`].filter((name) => known.includes(name));
  if (own.length > 0) return own;
  try {
    return cpIdsIn(word).flatMap((cp) => [`${cp}-engine`, `${cp}-monitor`]);
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    throw new Complaint(
      `"${word}" is no client of the MQTT broker: a charge point (11, 11..15), one of its services (ev-cp-e-11), bridge, or watch-NAME`,
    );
  }
}

/** `CP-011-engine` → its service's name and how its log calls it; undefined for clients that are no service. */
export function serviceOfClient(client: string): { service: string; logName: string } | undefined {
  const device = deviceOfClient(client);
  if (device)
    return device.role === "engine"
      ? { service: serviceNames.engine(device.cp), logName: `CP_E:${device.cp}` }
      : { service: serviceNames.monitor(device.cp), logName: `CP_M:${device.cp}` };
  return client.startsWith("bridge-") ? { service: serviceNames.bridge, logName: "Bridge" } : undefined;
}

/** Without those whose service is of this fleet and has no process: of them nothing is to be waited for. */
export function clientsWithProcess(
  clients: readonly string[],
  services: readonly { name: string; pid: number | null }[],
): string[] {
  const dead = new Set(services.filter(({ pid }) => pid === null).map(({ name }) => name));
  return clients.filter((client) => !dead.has(serviceOfClient(client)?.service ?? ""));
}

/** Words by which these are typed again: `11 12 bridge`. */
export function wordsOf(clients: readonly string[]): string {
  const words = clients.map((client) => {
    const device = deviceOfClient(client);
    if (!device) return client.startsWith("bridge-") ? "bridge" : client;
    const twin = `${device.cp}-${device.role === "engine" ? "monitor" : "engine"}`;
    return clients.includes(twin) ? numberOf(device.cp) : (serviceOfClient(client)?.service ?? client);
  });
  return [...new Set(words)].join(" ");
}
