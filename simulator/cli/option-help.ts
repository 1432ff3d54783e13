// What each option of `ev` does: one line for every name that the command line knows, or this does not compile.
import type { flagNames, valueNames } from "./arguments.ts";
import { listText } from "./text.ts";

type OptionName = (typeof flagNames)[number] | (typeof valueNames)[number];

interface OptionHelp {
  /** How it is typed, short form included. */
  typed: string;
  /** The verbs that look at it, comma between them, or `all`; another verb refuses it. */
  of: string;
  does: string;
}

export const optionHelp: Readonly<Record<OptionName, OptionHelp>> = {
  "--state": {
    typed: "--state DIR",
    of: "all",
    does: "where the fleet keeps its files; else `EV_STATE`, else `.ev`",
  },
  "--port-offset": {
    typed: "--port-offset N",
    of: "all",
    does: "added to every port; else `EV_PORT_OFFSET`, else 0",
  },
  "--json": {
    typed: "--json",
    of: "down, ps, inspect, figures, start, stop, kill, restart, pause, unpause, simulate-crash, disconnect, connect, add-cp, add-driver, remove, clean, apply, export, import, plug, unplug, charger, scenario, test-fault-tolerance, load, token, credentials, revoke, rotate-credentials, rotate-key",
    does: "the answer as JSON on standard output",
  },
  "--help": { typed: "--help, -h", of: "all", does: "the help" },
  "--detach": { typed: "--detach, -d", of: "up", does: "the fleet goes on in the background" },
  "--no-watch": { typed: "--no-watch", of: "up", does: "a saved file takes effect with `ev apply` only" },
  "--only": {
    typed: "--only GROUPS",
    of: "up",
    does: "part of the fleet: kafka, mqtt, bridge, central, cps, drivers (comma between them)",
  },
  "--listen": {
    typed: "--listen ADDRESS",
    of: "up",
    does: "opens this host's servers to other hosts at that address; else `EV_LISTEN`",
  },
  "--servers": {
    typed: "--servers real",
    of: "up, scenario, test-fault-tolerance, inspect, credentials, revoke, rotate-credentials",
    does: "Apache Kafka, Mosquitto with certificates and DynamoDB Local instead of the stand-ins; else `EV_SERVERS`",
  },
  "--central": {
    typed: "--central functions",
    of: "up, inspect",
    does: "Central as in the cloud: two events and two API processes, a sweeper, a gateway; else `EV_CENTRAL`",
  },
  "--cps": {
    typed: "--cps N",
    of: "up, load",
    does: "charge points in all, many to a process; for `load` several sizes, as 100,1000",
  },
  "--drivers": { typed: "--drivers N", of: "up, load", does: "drivers that live many to a process" },
  "--filter": {
    typed: "--filter X",
    of: "ps",
    does: "services whose name contains X; `name=X` means the same",
  },
  "--follow": { typed: "--follow, -f", of: "logs, figures", does: "goes on until Ctrl-C" },
  "--tail": { typed: "--tail N, -n N", of: "logs", does: "the last N lines that fit" },
  "--since": { typed: "--since T", of: "logs", does: "lines of the last 30s, 10m, 8h" },
  "--grep": { typed: "--grep X", of: "logs", does: "lines that match a regular expression, case ignored" },
  "--half-open": {
    typed: "--half-open",
    of: "disconnect",
    does: "the service is heard, and hears nobody: answers are lost",
  },
  "--delay": { typed: "--delay MS", of: "disconnect", does: "everything comes so much later" },
  "--loss": { typed: "--loss PERCENT", of: "disconnect", does: "part of what is sent has to be sent again" },
  "--by-hand": {
    typed: "--by-hand",
    of: "add-cp, add-driver",
    does: "no car comes, and no driver asks, by itself",
  },
  "--forget": { typed: "--forget", of: "remove, clean", does: "throws the data away, too" },
  "--all": { typed: "--all", of: "clean", does: "forgets the whole state: sessions, bills, files" },
  "--yes": { typed: "--yes", of: "clean", does: "with --all, also while the fleet runs, which it stops" },
  "--replace": { typed: "--replace", of: "import", does: "what the file does not mention goes" },
  "--need-kwh": { typed: "--need-kwh X", of: "plug", does: "what the car lacks" },
  "--max-kw": { typed: "--max-kw X", of: "plug", does: "what the car takes at most" },
  "--report": {
    typed: "--report DIR",
    of: "scenario, test-fault-tolerance",
    does: "where the report is written",
  },
  "--rounds": {
    typed: "--rounds N",
    of: "test-fault-tolerance",
    does: "samples of each time; 3 unless said",
  },
  "--for": {
    typed: "--for T",
    of: "scenario, load, token, rotate-key",
    does: "how long: a soak, a measurement, a token's validity, an old key's (90s, 10m, 8h)",
  },
  "--keep": {
    typed: "--keep",
    of: "scenario, test-fault-tolerance, load",
    does: "leaves services as the story left them; keeps the folder of a load run",
  },
  "--sessions": {
    typed: "--sessions PART",
    of: "load",
    does: "part of the points in a session; 0.1 unless said",
  },
  "--warm-up": {
    typed: "--warm-up T",
    of: "load",
    does: "until sessions come and go at their usual pace; 45s unless said",
  },
  "--add": { typed: "--add N", of: "load", does: "adds N points while the largest size runs" },
};

/** Why `verb` refuses these options: it would swallow them. Undefined when it looks at each. */
export function foreignOption(verb: string, typed: Iterable<string>): string | undefined {
  const known = new Map<string, OptionHelp>(Object.entries(optionHelp));
  for (const name of typed) {
    const { of = "all" } = known.get(name) ?? {};
    const verbs = of.split(", ");
    if (of === "all" || verbs.includes(verb)) continue;
    const whose = verbs.length > 4 ? "" : `: it is an option of ${listText(verbs)}`;
    return `${verb} takes no ${name}${whose}; docs/COMMANDS.md has a table of all options`;
  }
  return undefined;
}
