// What `ev up` says when the services have started: where everything is, and what did not come up.

import { loopback } from "../fleet/addresses.ts";
import type { RunningFleet } from "../fleet/running-fleet.ts";
import type { ServiceStatus } from "../fleet/supervisor.ts";
import type { Arguments } from "./arguments.ts";
import { columns } from "./text.ts";

/** Addresses as a person would open them. The operator's link carries a token for a Central of this fleet. */
export function addressLines(fleet: RunningFleet, args: Arguments, token: string | null): string[] {
  const central = fleet.centralUrl.replace(loopback, "localhost");
  const of = (role: string) => fleet.specs.filter((spec) => spec.role === role);
  const at = (port: number | null) => `localhost:${port}`;
  const state = args.stateDir === ".ev" ? "" : ` --state ${args.stateDir}`;
  return columns([
    ...(token === null ? [] : [["  operator page", `${central}/#token=${token}`]]),
    ...(fleet.centralIs === "unknown" ? [] : [["  charging points", `curl ${central}/cp`]]),
    ...of("driver").map((spec) => [`  ${spec.subject}`, `http://${at(spec.port)}/`]),
    ...of("kafka").map((spec) => ["  Kafka", at(spec.port)]),
    ...of("mqtt").map((spec) => ["  MQTT", `${args.servers.real ? "mqtts" : "mqtt"}://${at(spec.port)}`]),
    ...of("table").map((spec) => ["  DynamoDB", `http://${at(spec.port)}`]),
    ["  from another terminal", `npx ev ps${state} | logs -f ev-central | kill ev-cp-e-5 | start | down`],
  ]);
}

/** One line for each service that is not running, with its own last word. */
export function troubleLines(statuses: readonly ServiceStatus[]): string[] {
  return statuses
    .filter(({ status }) => status !== "running")
    .map(({ name, status, why }) =>
      status === "starting"
        ? `  ${name} is not ready yet: see \`ev logs ${name}\``
        : `  ${name} ${why ?? status} (\`ev logs ${name}\`, then \`ev start ${name}\`)`,
    );
}
