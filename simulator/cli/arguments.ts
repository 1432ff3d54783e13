// Reads the words of a command line: options (known by name, anywhere), then the verb's own words.
import { resolve } from "node:path";
import type { Servers } from "../fleet/addresses.ts";
import { Complaint } from "../fleet/complaint.ts";
import { listenAddress } from "../fleet/doors.ts";
import { type Group, groups } from "../fleet/service-spec.ts";
import { cpIdsIn, driverIdIn } from "../fleet/typed-names.ts";
import { verbNames } from "./help.ts";
import { foreignOption } from "./option-help.ts";

export interface Arguments {
  verb: string;
  /** What is neither option nor verb: service names mostly. */
  words: string[];
  flags: ReadonlySet<string>;
  values: ReadonlyMap<string, string>;
  stateDir: string;
  portOffset: number;
  servers: Servers;
  only: readonly Group[];
  /** With `--only cps` this one alone, with `--only drivers` that one; ids. */
  onlyCp: string | undefined;
  onlyDriver: string | undefined;
  /** Address beyond loopback where other hosts reach this fleet's servers. */
  listen: string | undefined;
}

export const flagNames = [
  "--detach",
  "--follow",
  "--json",
  "--help",
  "--all",
  "--no-watch",
  "--forget",
  "--replace",
  "--yes",
  "--keep",
  "--half-open",
  "--by-hand",
] as const;
export const valueNames = [
  "--state",
  "--port-offset",
  "--tail",
  "--grep",
  "--only",
  "--need-kwh",
  "--max-kw",
  "--report",
  "--for",
  "--rounds",
  "--delay",
  "--loss",
  "--since",
  "--filter",
  "--listen",
  "--servers",
  "--central",
  "--cps",
  "--drivers",
  "--sessions",
  "--add",
  "--warm-up",
] as const;
const short: Record<string, string> = { "-f": "--follow", "-n": "--tail", "-d": "--detach", "-h": "--help" };

/** Throws a Complaint for an option that nobody knows, that lacks its value, or at which the verb does not look. */
export function readArguments(argv: readonly string[], env: Record<string, string | undefined>): Arguments {
  const words: string[] = [];
  const flags = new Set<string>();
  const values = new Map<string, string>();
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] ?? "";
    // A negative number is a word: its verb says what is wrong with it, or takes it (a temperature).
    if (!arg.startsWith("-") || arg === "-" || /^-[\d.]/.test(arg)) {
      words.push(arg);
      continue;
    }
    const [typed, inline] = splitOnce(arg);
    const name = short[typed] ?? typed;
    if (flagNames.some((known) => known === name)) {
      if (inline !== undefined) throw new Complaint(`${name} takes no value`);
      flags.add(name);
    } else if (valueNames.some((known) => known === name)) {
      const value = inline ?? argv[++i];
      if (value === undefined) throw new Complaint(`${name} needs a value`);
      values.set(name, value);
    } else throw new Complaint(`unknown option ${typed}: \`ev help\` lists them`);
  }
  const [verb = "help", ...rest] = words;
  // A verb that does not exist is told as such.
  const foreign =
    verbNames.includes(verb) && !flags.has("--help")
      ? foreignOption(verb, [...flags, ...values.keys()])
      : undefined;
  if (foreign !== undefined) throw new Complaint(foreign);
  return {
    verb: flags.has("--help") ? "help" : verb,
    words: rest,
    flags,
    values,
    stateDir: values.get("--state") ?? (env.EV_STATE || ".ev"),
    portOffset: wholeNumber(
      "--port-offset",
      values.get("--port-offset") ?? (env.EV_PORT_OFFSET || "0"),
      60_000,
    ),
    servers: readServers(values, env),
    only: readGroups(values.get("--only")),
    onlyCp: env.CP_ID && readGroups(values.get("--only")).includes("cps") ? cpIdsIn(env.CP_ID)[0] : undefined,
    onlyDriver:
      env.DRIVER_ID && readGroups(values.get("--only")).includes("drivers")
        ? driverIdIn(env.DRIVER_ID)
        : undefined,
    listen: readListen(values.get("--listen") ?? env.EV_LISTEN),
  };
}

function readServers(values: ReadonlyMap<string, string>, env: Record<string, string | undefined>): Servers {
  const choice = (option: string, variable: string, usual: string, other: string) => {
    const typed = values.get(option) ?? (env[variable] || usual);
    if (typed !== usual && typed !== other)
      throw new Complaint(`${option}=${typed}: \`${other}\` or \`${usual}\` is wanted`);
    return typed === other;
  };
  // A server of this fleet speaks no TLS: what is meant for one elsewhere needs its address too.
  for (const [name, address] of [
    ["MQTT_CA_PATH", "MQTT_URL"],
    ["MQTT_CERT_DIR", "MQTT_URL"],
    ["KAFKA_TLS", env.CENTRAL_KAFKA_BOOTSTRAP ? "CENTRAL_KAFKA_BOOTSTRAP" : "KAFKA_BOOTSTRAP"],
  ] as const)
    if (env[name] && !env[address])
      throw new Complaint(`${name} is set, but ${address} is not: set both or neither`);
  return {
    real: choice("--servers", "EV_SERVERS", "stand-ins", "real"),
    functions: choice("--central", "EV_CENTRAL", "one", "functions"),
    kafkaBootstrap: env.KAFKA_BOOTSTRAP || env.CENTRAL_KAFKA_BOOTSTRAP || undefined,
    mqttUrl: env.MQTT_URL || undefined,
    mqttCertDir: env.MQTT_CERT_DIR ? resolve(env.MQTT_CERT_DIR) : undefined,
    mqttAnonymous: env.MQTT_ANONYMOUS === "1",
    tableUrl: env.TABLE_URL || undefined,
    centralUrl: env.CENTRAL_URL || centralAt(env.CENTRAL_HOST),
  };
}

/** `10.0.0.1`, `10.0.0.1:8000` or a URL, as CENTRAL_HOST says it. */
function centralAt(host: string | undefined): string | undefined {
  if (!host) return undefined;
  if (/^https?:\/\//.test(host)) return host;
  if (/^[^\s:/]+(?::\d{1,5})?$/.test(host)) return `http://${host}${host.includes(":") ? "" : ":8000"}`;
  throw new Complaint(`CENTRAL_HOST=${host}: a host, or host:port, is wanted`);
}

function readListen(typed: string | undefined): string | undefined {
  return typed ? listenAddress(typed) : undefined;
}

/** A whole number from 0 to `most`. Throws a Complaint that names the option. */
export function wholeNumber(option: string, typed: string, most: number): number {
  const value = Number(typed);
  if (typed.trim() !== "" && Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new Complaint(`${option}=${typed}: a whole number from 0 to ${most} is wanted`);
}

function splitOnce(arg: string): [string, string | undefined] {
  const at = arg.indexOf("=");
  return at < 0 ? [arg, undefined] : [arg.slice(0, at), arg.slice(at + 1)];
}

function readGroups(typed: string | undefined): Group[] {
  if (typed === undefined) return [];
  return typed.split(",").map((word) => {
    const group = groups.find((known) => known === word.trim());
    if (!group) throw new Complaint(`--only=${typed}: "${word}" is none of ${groups.join(", ")}`);
    return group;
  });
}
