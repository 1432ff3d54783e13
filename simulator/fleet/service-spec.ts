// One service as the supervisor sees it: what to run, with which environment, after whom, and where it listens.

export type Role =
  | "kafka"
  | "mqtt"
  | "bridge"
  | "central"
  /** Central's table as a server of its own. */
  | "table"
  /** A part of Central in a process of its own. */
  | "function"
  | "charger"
  | "engine"
  | "monitor"
  | "driver"
  /** Many charge points in one process. */
  | "cps"
  /** Many drivers' phones in one process. */
  | "drivers";

/** What `--only` chooses by. */
export const groups = ["kafka", "mqtt", "bridge", "central", "cps", "drivers"] as const;
export type Group = (typeof groups)[number];

export interface ServiceSpec {
  name: string;
  role: Role;
  /** The charge point or driver it belongs to. */
  subject: string | null;
  /** How many charge points or drivers are in it; absent for a service that is one. */
  holds?: number;
  /** Entry file, relative to the project. */
  entry: string;
  env: Record<string, string>;
  /** Started once these are ready (or have failed). Names that are not part of the fleet are ignored. */
  dependsOn: string[];
  /** How long it may take until it says that it is ready; absent: the supervisor's usual patience. */
  readyWithinMs?: number;
  /** Loopback TCP port it listens on. */
  port: number | null;
  /**
   * `small`: waits most of the time, one of dozens. `large`: everybody's messages pass through it. `busy`: those of a
   * large fleet. `fleet`: holds hundreds of charge points or drivers.
   */
  size: "small" | "large" | "busy" | "fleet";
  files: SpecFile[];
}

/** Written before each start, for this user alone. */
export interface SpecFile {
  path: string;
  content: string;
  /** The service looks at it while it runs: a change needs no restart. */
  watched?: true;
}

export function groupOf(role: Role): Group {
  switch (role) {
    case "charger":
    case "engine":
    case "monitor":
    case "cps":
      return "cps";
    case "driver":
    case "drivers":
      return "drivers";
    case "table":
    case "function":
      return "central";
    case "kafka":
    case "mqtt":
    case "bridge":
    case "central":
      return role;
  }
}

/** Who stops first: what uses others before what it uses. Equal numbers stop together. */
export function stopRank(role: Role): number {
  switch (role) {
    case "driver":
    case "drivers":
      return 0;
    case "engine":
    case "monitor":
    case "cps":
      return 1;
    case "charger":
      return 2;
    case "bridge":
      return 3;
    case "central":
    case "function":
      return 4;
    case "kafka":
    case "mqtt":
    case "table":
      return 5;
  }
}
