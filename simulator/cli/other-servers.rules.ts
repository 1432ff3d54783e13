// Whether a fleet that runs has the servers that a command asks for: what is not asked for may be as it likes. Pure.
import type { RunningAddresses } from "../fleet/addresses-file.ts";
import type { Arguments } from "./arguments.ts";
import { listText } from "./text.ts";

/** The variables and options that name something else than what runs. */
export function otherServers(
  { servers, values }: Pick<Arguments, "servers" | "values">,
  running: RunningAddresses,
): string[] {
  const { kafkaBootstrap, mqttUrl, tableUrl, centralUrl, real = false, functions = false } = servers;
  const isOther = (asked: string | undefined, is: string) => asked !== undefined && asked !== is;
  const said = (option: string) => `${option} ${values.get(option) ?? ""}`.trim();
  /** Only who types the usual choice means it; the other one is always meant. */
  const isOtherChoice = (option: string, asked: boolean, is: boolean) =>
    asked !== is && (asked || values.has(option));
  const all: readonly (readonly [string, boolean])[] = [
    ["KAFKA_BOOTSTRAP", isOther(kafkaBootstrap, running.kafkaBootstrap)],
    ["MQTT_URL", isOther(mqttUrl, running.mqttUrl)],
    ["TABLE_URL", isOther(tableUrl, running.tableUrl)],
    ["CENTRAL_URL", isOther(centralUrl, running.centralUrl)],
    [said("--servers"), isOtherChoice("--servers", real, running.real)],
    [said("--central"), isOtherChoice("--central", functions, running.functions)],
  ];
  return all.flatMap(([name, differs]) => (differs ? [name] : []));
}

export function otherServersText(state: string, others: readonly string[]): string {
  return `the fleet of ${state} runs already, and not as ${listText(others)} ${others.length > 1 ? "say" : "says"}: stop it first with \`ev down\`, or use a second one with --state DIR --port-offset N`;
}
