// Which lines a service has to the servers it uses, and what several faults make of one line. Pure.
//
// A line is faulty when either of its ends is: a server that is cut off is cut off from everybody.
import { fairWeather, type Weather } from "../faults/tcp-flow.ts";
import { serviceNames } from "./names.ts";
import type { Role } from "./service-spec.ts";

export const linkFaults = ["cut", "half-open", "delay", "loss"] as const;

/** What `ev disconnect` does to a service's lines; `delay` and `loss` may come together. */
export interface LinkFault {
  how: (typeof linkFaults)[number];
  delayMs: number;
  lossPercent: number;
}

/** What a line does to the bytes of its connections. */
export interface LineState {
  lost: "nothing" | "answers" | "both";
  weather: Weather;
}

export const soundLine: LineState = { lost: "nothing", weather: fairWeather };

type Variable = "MQTT_URL" | "KAFKA_BOOTSTRAP" | "CENTRAL_URL" | "TABLE_URL";

/** The server at the far end of a line, and the variable that tells the service its address. */
export interface Upstream {
  to: string;
  variable: Variable;
}

const mqtt: Upstream = { to: serviceNames.mqtt, variable: "MQTT_URL" };
const kafka: Upstream = { to: serviceNames.kafka, variable: "KAFKA_BOOTSTRAP" };
const central: Upstream = { to: serviceNames.central, variable: "CENTRAL_URL" };
const table: Upstream = { to: serviceNames.table, variable: "TABLE_URL" };

const upstreams: Partial<Record<Role, readonly Upstream[]>> = {
  engine: [mqtt],
  monitor: [mqtt],
  bridge: [mqtt, kafka],
  central: [kafka, table],
  function: [kafka, table],
  driver: [central],
};

/** The lines that a service of this role begins; none for a server that others come to, or for a charger. */
export function upstreamsOf(role: Role): readonly Upstream[] {
  return upstreams[role] ?? [];
}

/** True when lines of other services end here. */
export function isServer(name: string): boolean {
  const { mqtt, kafka, central, table } = serviceNames;
  return [mqtt, kafka, central, table].some((server) => server === name);
}

export type Line =
  | { is: "open"; host: string; port: number; through(at: string): Record<string, string> }
  | { is: "none"; why: string }
  /** There is no server at the far end: a file, or nothing that this program uses. */
  | { is: "local" };

/**
 * Where a line leads, and the variables that lead it over a proxy at `host:port` instead. None for addresses that
 * a proxy cannot stand in for: the line is then direct.
 */
export function lineOf({ variable }: Upstream, address: string, kafkaElsewhere: boolean): Line {
  if (address === "") return { is: "local" };
  if (variable === "KAFKA_BOOTSTRAP") {
    const [host = "", port] = (address.split(",")[0] ?? "").split(":");
    if (kafkaElsewhere)
      return {
        is: "none",
        why: `Kafka at ${address} is elsewhere, and its brokers name their own addresses`,
      };
    return { is: "open", host, port: Number(port), through: (at) => ({ KAFKA_DIAL: at }) };
  }
  if (variable === "TABLE_URL") return lineToTable(address);
  const url = new URL(address);
  // The certificate of a broker on this machine names the machine: the same name at another port is still right.
  if (url.protocol === "mqtts:" && url.hostname === "localhost")
    return {
      is: "open",
      host: url.hostname,
      port: url.port === "" ? 8883 : Number(url.port),
      through(at) {
        const over = new URL(address);
        over.port = at.split(":")[1] ?? "";
        return { [variable]: String(over) };
      },
    };
  const plain = variable === "MQTT_URL" ? { protocol: "mqtt:", port: 1883 } : { protocol: "http:", port: 80 };
  if (url.protocol !== plain.protocol)
    return { is: "none", why: `${url.protocol}//${url.host} is encrypted to that very name` };
  return {
    is: "open",
    host: url.hostname,
    port: url.port === "" ? plain.port : Number(url.port),
    through(at) {
      const over = new URL(address);
      over.host = at;
      return { [variable]: String(over) };
    },
  };
}

/** `sqlite:…` is a file; `dynamodb:…` has a line when its endpoint is one without TLS. */
function lineToTable(address: string): Line {
  const [name, query] = address.split("?");
  if (!address.startsWith("dynamodb:")) return { is: "local" };
  const parameters = new URLSearchParams(query);
  const endpoint = parameters.get("endpoint");
  if (!endpoint?.startsWith("http:"))
    return { is: "none", why: `the table at ${endpoint ?? "its region's endpoint"} is reached by TLS alone` };
  const url = new URL(endpoint);
  return {
    is: "open",
    host: url.hostname,
    port: url.port === "" ? 80 : Number(url.port),
    through(at) {
      parameters.set("endpoint", `http://${at}`);
      return { TABLE_URL: `${name}?${decodeURIComponent(String(parameters))}` };
    },
  };
}

/** The line between two services, each of which may be at fault. */
export function lineStateOf(faults: readonly (LinkFault | undefined)[]): LineState {
  return faults.reduce<LineState>((line, fault) => (fault ? worse(line, fault) : line), soundLine);
}

function worse({ lost, weather }: LineState, fault: LinkFault): LineState {
  const passes = (1 - weather.lossPercent / 100) * (1 - fault.lossPercent / 100);
  return {
    lost: lost === "both" || fault.how === "cut" ? "both" : fault.how === "half-open" ? "answers" : lost,
    weather: {
      delayMs: weather.delayMs + fault.delayMs,
      lossPercent: Math.round((1 - passes) * 1e4) / 100,
    },
  };
}

/** "cut", "half-open", "200 ms late", "10 % lost", "200 ms late, 10 % lost". */
export function faultText(fault: LinkFault): string {
  if (fault.how === "cut" || fault.how === "half-open") return fault.how;
  const parts = [
    ...(fault.delayMs > 0 ? [`${fault.delayMs} ms late`] : []),
    ...(fault.lossPercent > 0 ? [`${fault.lossPercent} % lost`] : []),
  ];
  return parts.join(", ") || "connected";
}
