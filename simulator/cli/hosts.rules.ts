// What `ev up` says about other hosts: what this one opened to them, and which address it was not told. Pure.

import type { Servers } from "../fleet/addresses.ts";
import type { Door } from "../fleet/doors.ts";
import type { Role } from "../fleet/service-spec.ts";

interface Host {
  specs: readonly { role: Role }[];
  doors: readonly Pick<Door, "role" | "at">[];
}

export function hostLines({ specs, doors }: Host, servers: Servers): string[] {
  const has = (...roles: Role[]) => specs.some(({ role }) => roles.includes(role));
  const untold: (readonly [lacks: boolean, text: string])[] = [
    [
      has("engine", "cps", "bridge") && !has("mqtt") && !servers.mqttUrl,
      "MQTT_URL is not set: charge points look for their broker on this host (elsewhere: MQTT_URL=mqtt://HOST:1883)",
    ],
    [
      has("bridge", "central") && !has("kafka") && !servers.kafkaBootstrap,
      "KAFKA_BOOTSTRAP is not set: bridge and Central look for Kafka on this host (elsewhere: KAFKA_BOOTSTRAP=HOST:9092)",
    ],
    [
      has("driver", "drivers") && !has("central") && !servers.centralUrl,
      "CENTRAL_URL is not set: drivers look for Central on this host (elsewhere: CENTRAL_URL=http://HOST:8000)",
    ],
  ];
  return [
    ...untold.flatMap(([lacks, text]) => (lacks ? [`  ${text}`] : [])),
    ...(doors.length > 0 ? ["  open to other hosts, for --listen said so:", ...doors.map(doorLine)] : []),
  ];
}

function doorLine({ role, at }: Pick<Door, "role" | "at">): string {
  switch (role) {
    case "mqtt":
      return `    MQTT_URL=mqtt://${at}  asks for passwords (\`ev credentials 11\` prints them), no encryption`;
    case "kafka":
      return `    KAFKA_BOOTSTRAP=${at}  no password, no encryption: whoever reaches it can read and write everything`;
    default:
      return `    CENTRAL_URL=http://${at}  asks for tokens (\`ev token driver-frank\` prints one), no encryption`;
  }
}
