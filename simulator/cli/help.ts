// `ev help`: every verb with what it does; also what a mistyped verb is compared with.

export const verbs: readonly (readonly [usage: string, does: string])[] = [
  [
    "up [--detach] [--no-watch] [--only GROUPS] [--listen ADDRESS]",
    "start the fleet: in this terminal (as `npm start`), or detached; saved files take effect unless --no-watch",
  ],
  [
    "up --cps N [--drivers M]",
    "the same with N charge points in all: those without a file of their own live many to a process, so do M drivers",
  ],
  ["down [--json]", "stop every service; state is kept"],
  ["ps [--json] [--filter X]", "list the services: status, network line, since, port, process, memory"],
  [
    "logs [-f] [--tail N] [--since 30s] [--grep X] [SERVICE…]",
    "show logs, those of several services merged by time; X is a regular expression, case ignored",
  ],
  ["start [--json] [SERVICE…]", "start these, or everything that does not run"],
  ["stop [--json] SERVICE…", "ask these to end (SIGTERM, SIGKILL after 9 s)"],
  ["kill [--json] SERVICE…", "end these without warning (SIGKILL)"],
  ["restart [--json] SERVICE…", "stop these, then start them"],
  ["simulate-crash [--json] [SERVICE…]", "kill these, or one that chance picks, and say what to watch"],
  ["pause [--json] SERVICE…", "freeze these as they stand (SIGSTOP); they keep their connections"],
  ["unpause [--json] SERVICE…", "let them go on (SIGCONT)"],
  [
    "disconnect [--json] [--half-open | --delay MS --loss PERCENT] SERVICE…",
    "cut these off from the other services while they run; or lose only the answers, or make the line slow or lossy",
  ],
  ["connect [--json] SERVICE…", "put these back on the network"],
  ["figures [-f] [--json]", "messages and sessions per time, lag, CPU and memory of the running fleet"],
  [
    "load [--cps N,…] [--drivers M] [--sessions PART] [--warm-up T] [--for T] [--add N] [--keep] [--json]",
    "benchmark: N charge points on a fleet of its own, a tenth in a session; several sizes are compared",
  ],
  [
    "scenario [--json] [--report DIR] [--for T] [--keep] [NAME]",
    "play a scenario, verify it, write its report; without a name: list them",
  ],
  [
    "test-fault-tolerance [--json] [--rounds N] [--report DIR] [PART…]",
    "make components fail and verify what is promised: monitor, engine, driver, central, kafka, multiple, all",
  ],
  [
    "add-cp [--json] [--by-hand] NUMBERS [KW] [EUR_PER_KWH]",
    "add charge points while the fleet runs: 11, 11..15 or 11,14,20; 22 kW at 0.30 unless said; --by-hand: cars come only by `ev plug`",
  ],
  [
    "add-driver [--json] [--by-hand] NAME [PORT] …",
    "add drivers; each gets a page on PORT, or on the next free one from 8105; --by-hand: they ask for nothing by themselves",
  ],
  [
    "remove [--json] [--forget] NAME…",
    "take charge points (11, 11..15) and drivers out; --forget: their data too",
  ],
  [
    "clean [--json] [--all [--yes]]",
    "remove all that is not of the base fleet; --all: forget the whole state",
  ],
  ["export [--json] FILE", "write the whole fleet (rates, intervals, drivers, settings) to one file"],
  ["import [--json] [--replace] FILE", "bring such a file in; --replace: what it does not mention goes"],
  ["apply [--json]", "make the running fleet what its files say; only what changed restarts"],
  ["inspect [--json] SERVICE…", "health, configuration, last events of a service or of all of CP-005"],
  [
    "plug [--json] [--need-kwh X] [--max-kw Y] CP",
    "a car arrives at the simulated charger and is plugged in",
  ],
  ["unplug [--json] CP", "it leaves"],
  ["charger [--json] CP COMMAND…", "the simulated box: status, battery, fault, temperature, mains, cars, …"],
  [
    "token [--json] [--for 720h] NAME…",
    "tokens for drivers on other hosts, or for an operator, one per line; on Central's host",
  ],
  [
    "credentials [--json] CP…",
    "MQTT passwords for charge points on other hosts (11, 11..15), a bridge there, or watch-NAME who only listens",
  ],
  [
    "revoke [--json] CP…",
    "end the MQTT credentials of a charge point (11) or of one part (ev-cp-e-11): it is cut and refused",
  ],
  [
    "rotate-credentials [--json] CP…",
    "new MQTT credentials for charge points of this host, taken up without a restart",
  ],
  [
    "rotate-key [--json] [--for T]",
    "a new key signs Central's tokens; the old one verifies for T more, 30 days unless said",
  ],
  ["help", "every command, in short"],
];

export const verbNames: readonly string[] = verbs.map(([usage]) => usage.split(" ")[0] ?? "");

/** What concerns several verbs. */
export const notes: readonly string[] = [
  "Groups: kafka, mqtt, bridge, central, cps, drivers (comma between them).",
  "Servers elsewhere: KAFKA_BOOTSTRAP, MQTT_URL, TABLE_URL, CENTRAL_URL; what they name is not started here.",
  "(CENTRAL_KAFKA_BOOTSTRAP and CENTRAL_HOST=HOST[:PORT] mean the same.)",
  "`npm run servers -- up` starts real ones (Apache Kafka, Mosquitto, DynamoDB Local) and prints what to set;",
  "`ev up --servers real` runs them as services of the fleet (ev-kafka, ev-mqtt, ev-table), `--central functions`",
  "Central as the cloud does: ev-central is a gateway then, behind it two of each function.",
  "Services: ev-kafka, ev-mqtt, ev-bridge, ev-central, ev-cp-e-N and ev-cp-m-N (engine and monitor of CP N),",
  "ev-charger-N, ev-driver-NAME. The fleet's editable files are in DIR/fleet, logs in DIR/logs.",
  "",
  "Several hosts (10.0.0.1 is the servers' own address):",
  "  servers    ev up --only kafka,mqtt,bridge,central --listen 10.0.0.1",
  "             ev token driver-frank      prints the token that Frank's host needs",
  "             ev credentials 11          prints the passwords that charge point 11 needs at the MQTT broker",
  "  chargers   MQTT_URL=mqtt://10.0.0.1:1883 CENTRAL_HOST=10.0.0.1 EV_MQTT_CREDENTIALS=… ev up --only cps",
  "             with CP_ID=CP-011 that one alone, made when it is new; EV_MQTT_CREDENTIALS_FILE holds several",
  "  drivers    CENTRAL_HOST=10.0.0.1 EV_TOKEN=… ev up --only drivers",
  "             with DRIVER_ID=frank that one alone; EV_TOKEN_FILE holds several tokens, one per line",
  "Everything stays on loopback without --listen [EV_LISTEN]. With it, Kafka asks nobody for a password and nothing is",
  "encrypted: only for a network whose every host you trust. MQTT asks for passwords, Central for tokens.",
  "MQTT_ANONYMOUS=1 says that a broker elsewhere asks nobody.",
  "",
  "ev disconnect cuts the lines between services, in this host's ev process; what you open yourself (the pages,",
  "curl) is not cut. It lasts through restarts of the service, until ev connect or the end of the fleet.",
  "It cannot cut a line that is encrypted (mqtts, https) or leads to a Kafka elsewhere, and says so.",
];

export function helpLines(): string[] {
  return [
    "ev: the EV charging network on this machine",
    "",
    ...verbs.flatMap(([usage, does]) => [`  ev ${usage}`, `      ${does}`]),
    "",
    "Options of every verb (or the environment variable in brackets):",
    "  --state DIR        where the fleet keeps its files [EV_STATE], default .ev",
    "  --port-offset N    added to every port [EV_PORT_OFFSET], default 0",
    "",
    ...notes,
  ];
}
