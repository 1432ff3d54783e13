// How a line of the documents that this system derives from is typed here. `curl … | jq …` stays as it is, to the
// letter; what manages containers there is `ev` here, with the same names and verbs.

/** Applied one after the other to every line. */
const rewritings: readonly (readonly [RegExp, string])[] = [
  [/^docker compose up -d$/, "ev up --detach"],
  [/^docker compose ps$/, "ev ps"],
  [/^docker compose -f docker-compose\.(?:cp|driver)-(\w+)\.yml down$/, "ev remove $1"],
  // Three lines there: stop the charge points, stop the drivers, remove their files.
  [/^(?:ls|rm) docker-compose\.(?:cp|driver)-\*\.yml .*$/, "ev clean"],
  [/\.\/(add-cp|add-driver|simulate-crash|test-fault-tolerance)\.sh\b/g, "ev $1"],
  [/\bdocker (logs|start|stop)\b/g, "ev $1"],
  [
    /^docker inspect (\S+) --format='\{\{\.State\.Health\.Status\}\}'$/,
    "ev inspect $1 --json | jq -r .health",
  ],
  [/^docker ps --filter "(name=ev-)" --format "table [^"]*"$/, 'ev ps --filter "$1"'],
  // A list of names was all there was to save; a file of the whole fleet is what comes back here.
  [
    /^docker ps --filter "name=ev-" --format "\{\{\.Names\}\}" > deployed-services\.txt$/,
    "ev export deployed-services.json",
  ],
  [/^cat deployed-services\.txt \| .*$/, "ev import deployed-services.json"],
  [
    /^docker ps --filter "(name=[\w-]+)" --format "\{\{\.Names\}\}"/,
    `ev ps --filter "$1" --json | jq -r '.[].name'`,
  ],
  // Engine and monitor come together, and the number says which: no variable is needed.
  [/^docker run -d --name ev-cp-e-(\d+) -e CP_ID=\S+ \.\.\.$/, "ev add-cp $1"],
  [/^docker run -d --name ev-driver-(\w+) -e DRIVER_ID=\S+ \.\.\.$/, "ev add-driver $1"],
  [/^for i in \{(\d+\.\.\d+)\}; do\n\s*docker run -d --name ev-cp-e-\$i [^\n]*\ndone$/, "ev add-cp $1"],
  [/^open (http:\S+)$/, "curl -s $1"],
  // Engines are reached over MQTT here.
  [/"Kafka consumer started"/, '"consumer started"'],
  [/^docker network disconnect$/, "ev disconnect ev-cp-m-1"],
  [
    /^docker compose -f docker\/docker-compose\.remote-kafka\.yml up -d$/,
    "KAFKA_BOOTSTRAP=localhost:29092 ev up --detach --only mqtt,bridge,central --state elsewhere --port-offset 20000",
  ],
  // What the reader fills in.
  [/\bev-cp-([em])-XX\b/, "ev-cp-$1-11"],
  [/\bCP-0XX\b/, "CP-011"],
  [/\bev-driver-XX\b/, "ev-driver-frank"],
  [/\bev-cp-([em])-X\b/, "ev-cp-$1-1"],
  [/\bev-driver-X\b/, "ev-driver-alice"],
  [/<container-name>/, "ev-bridge"],
];

/** The line as it is typed here; the same line when it needs no change. */
export function inEv(line: string): string {
  return rewritings.reduce((text, [from, to]) => text.replace(from, to), line);
}

/** Lines that are not run beside the others, and why; by the line as it stands there. */
export const notHere: Readonly<Record<string, string>> = {
  "./add-cp.sh <cp_number> [kw_rate] [euro_rate]": "how it is used; the lines below it are",
  "./add-driver.sh <driver_name> [dashboard_port]": "how it is used; the lines below it are",
  "./simulate-crash.sh [service_name]": "how it is used; the lines below it are",
  "docker compose up -d ev-kafka ev-central": "needs other hosts: test/journeys/several-hosts.test.ts",
  "export KAFKA_BOOTSTRAP=<machine1-ip>:9092": "needs other hosts: test/journeys/several-hosts.test.ts",
  "./add-cp.sh 1 22.0 0.30": "needs other hosts: test/journeys/several-hosts.test.ts",
  "./add-cp.sh 2 50.0 0.35": "needs other hosts: test/journeys/several-hosts.test.ts",
  "./add-driver.sh alice 8100": "needs other hosts: test/journeys/several-hosts.test.ts",
  "./add-driver.sh bob 8101": "needs other hosts: test/journeys/several-hosts.test.ts",
  "docker run -d --name ev-cp-m-5 -e CP_ID=CP-005 ...": "the line before it adds engine and monitor",
  "./test-fault-tolerance.sh all": "a suite of its own: `ev test-fault-tolerance all`",
};
