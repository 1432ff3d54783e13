// Central as the cloud runs it (`--central functions`): its functions in processes of their own, two of each that can
// be two, behind a gateway that has Central's name and port. Pure.
import type { SystemFile } from "./fleet-schemas.ts";
import { serviceNames } from "./names.ts";
import type { ServiceSpec } from "./service-spec.ts";

const copies = [1, 2] as const;
/** Above Central's own port. */
const apiPortStep = 10;

export interface FunctionSettings {
  system: SystemFile;
  portOffset: number;
  kafkaBootstrap: string;
  tableUrl: string;
  tokenKeyPath: string;
  /** How long no canary may come until the feed counts as stale. */
  staleFeedMs: number;
}

/** Gateway, two API processes, two events processes, one sweeper. */
export function centralFunctions(settings: FunctionSettings): ServiceSpec[] {
  const { system, portOffset, kafkaBootstrap, tableUrl, tokenKeyPath, staleFeedMs } = settings;
  const port = system.central_port + portOffset;
  const portOfApi = (n: number) => port + apiPortStep + n;
  const env = { KAFKA_BOOTSTRAP: kafkaBootstrap, TABLE_URL: tableUrl, PARTITIONS: String(system.partitions) };
  const one = {
    role: "function",
    subject: null,
    dependsOn: [serviceNames.kafka, serviceNames.table],
    port: null,
    size: "large",
    files: [],
  } satisfies Partial<ServiceSpec>;
  const apis = copies.map((n) => ({
    ...one,
    name: `${serviceNames.central}-api-${n}`,
    entry: "simulator/functions/api-host-main.ts",
    env: {
      ...env,
      HTTP_PORT: String(portOfApi(n)),
      TOKEN_KEY_PATH: tokenKeyPath,
      STALE_FEED_MS: String(staleFeedMs),
    },
    port: portOfApi(n),
  }));
  return [
    {
      ...one,
      name: serviceNames.central,
      role: "central",
      entry: "simulator/functions/gateway-main.ts",
      env: { HTTP_PORT: String(port), API_PORTS: copies.map(portOfApi).join(",") },
      dependsOn: apis.map(({ name }) => name),
      port,
    },
    ...apis,
    ...copies.map((n) => {
      const name = `${serviceNames.central}-events-${n}`;
      return {
        ...one,
        name,
        entry: "simulator/functions/events-host-main.ts",
        env: { ...env, INSTANCE: name },
      };
    }),
    {
      ...one,
      name: `${serviceNames.central}-sweep`,
      entry: "simulator/functions/sweep-host-main.ts",
      env: { ...env, SWEEP_INTERVAL_MS: String(system.sweep_interval_ms) },
    },
  ];
}
