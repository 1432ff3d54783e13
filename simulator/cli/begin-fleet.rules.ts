// Which address the first member of a host still needs, when others of its servers are named. Pure.
import type { Servers } from "../fleet/addresses.ts";
import type { Fleet } from "../fleet/fleet-schemas.ts";

/** What to set, in words; undefined when everything that these members speak with is named. */
export function untoldServer(
  { cps, drivers }: Pick<Fleet, "cps" | "drivers">,
  { kafkaBootstrap, mqttUrl, centralUrl }: Servers,
): string | undefined {
  const host = hostIn(kafkaBootstrap) ?? hostIn(mqttUrl) ?? hostIn(centralUrl) ?? "HOST";
  if (cps.length > 0 && mqttUrl === undefined)
    return `charge points reach their servers over MQTT: set MQTT_URL=mqtt://${host}:1883 as well, then repeat the command`;
  if (drivers.length > 0 && centralUrl === undefined)
    return `drivers speak with Central: set CENTRAL_HOST=${host} as well, then repeat the command`;
  return undefined;
}

/** Of a URL, or of the first of `host:port,host:port`. */
function hostIn(address: string | undefined): string | undefined {
  return address?.match(/^(?:\w+:\/\/)?(?:[^@/]*@)?([^:,/]+)/)?.[1];
}
