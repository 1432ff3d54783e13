// The lines between the fleet's processes, each through a proxy of this process that can lose, hold or cut it.
import type { TcpProxy } from "../../simulator/faults/tcp-proxy.ts";
import type { Fleet } from "../../simulator/fleet/fleet-schemas.ts";
import { openLinks } from "../../simulator/fleet/links.ts";
import { placesOf } from "../../simulator/fleet/places.ts";
import { servicesOf } from "../../simulator/fleet/services.ts";
import { areReal } from "../support/real-servers.ts";

export interface Network {
  /** By name, as `ev-cp-m-4 → ev-mqtt`. */
  links: ReadonlyMap<string, { cp: string | null; proxy: TcpProxy }>;
  /** What to give each service so that it takes its line; the fleet's own links are to be off. */
  env: Record<string, Record<string, string>>;
  close(): Promise<void>;
}

/** A line for every MQTT and Kafka client and for every phone of `fleet`, whose ports are moved by `offset`. */
export async function openNetwork(fleet: Fleet, offset: number): Promise<Network> {
  const opened = openLinks({ kafkaElsewhere: false });
  const servers = { real: areReal() };
  const specs = servicesOf(fleet, { places: placesOf(".ev"), portOffset: offset, servers, only: [] });
  const env: Network["env"] = {};
  for (const spec of specs) {
    await opened.open(spec);
    const lines = Object.entries(opened.routed(spec).env).filter(([name, value]) => spec.env[name] !== value);
    if (lines.length > 0) env[spec.name] = Object.fromEntries(lines);
  }
  const cpOf = new Map(specs.map((spec) => [spec.name, spec.role === "driver" ? null : spec.subject]));
  return {
    links: new Map(
      opened.all().map(({ from, to, proxy }) => [`${from} → ${to}`, { cp: cpOf.get(from) ?? null, proxy }]),
    ),
    env,
    close: () => opened.close(),
  };
}
