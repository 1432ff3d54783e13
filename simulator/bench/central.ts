// `npm run bench:central`: what Central does per second, at what cost in CPU, table writes and bytes, and how soon what
// happens is seen. 1,000 charge points, half of them charging. The servers it needs it starts itself.
import { parseArgs } from "node:util";
import { type BenchFleet, type BenchSession, benchFleet } from "./central.fleet.ts";
import { handlers } from "./central.handlers.ts";
import { http } from "./central.http.ts";
import { openReport } from "./central.report.ts";
import { type BenchServers, startServers } from "./central.servers.ts";
import { visible } from "./central.visible.ts";
import { type Stage, tableWrites, wire } from "./central.writes.ts";

const parts: Readonly<Record<string, (stage: Stage) => Promise<void> | void>> = {
  wire,
  writes: tableWrites,
  visible,
  http,
  handlers,
};
const { values } = parseArgs({
  options: {
    kafka: { type: "string" },
    table: { type: "string" },
    cps: { type: "string", default: "1000" },
    charging: { type: "string", default: "0.5" },
    rounds: { type: "string", default: "3" },
    replication: { type: "string", default: "1" },
    only: { type: "string", default: Object.keys(parts).join(",") },
    profile: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const wanted = values.only.split(",");
const unknown = wanted.filter((name) => !Object.hasOwn(parts, name));
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`no part is called ${unknown.join(", ")}`);
  console.log(`usage: npm run bench:central -- [OPTION …]
  --kafka HOST:PORT    a Kafka that runs (default: the stand-in, started for the run)
  --table URL          sqlite:<file> or dynamodb:<table>?endpoint=<url> (default: SQLite in a folder of the run);
                       the name of a DynamoDB table gets a suffix, and the table is made
  --cps N              charge points (1000)     --charging SHARE  of them charge all the time (0.5)
  --rounds N           of what is repeated (3)  --replication N   copies of the topics in Kafka (1)
  --only PART,PART …   of ${Object.keys(parts).join(", ")}
  --profile FOLDER     Central writes a CPU profile there`);
  process.exit(values.help ? 0 : 2);
}

/** Registered, greeted and well; the first `count` of them begin a session that lasts. */
async function populate(fleet: BenchFleet, servers: BenchServers, count: number): Promise<BenchSession[]> {
  const nowMs = () => Date.now();
  const { cps } = fleet;
  await servers.handled(cps.flatMap((cp) => [fleet.register(cp, nowMs()), fleet.hello(cp, nowMs())]));
  await servers.handled(cps.map((cp) => fleet.status(cp, nowMs())));
  const begun = cps.slice(0, count).map((cp) => fleet.request(cp, nowMs()));
  await servers.handled(begun.map(({ record }) => record));
  const sessions = begun.map(({ session }) => session);
  await servers.handled(
    sessions.flatMap((one) => [fleet.applied(one, nowMs()), fleet.started(one, nowMs())]),
  );
  return sessions;
}

const report = openReport();
const { kafka, table, profile } = values;
const servers = await startServers({ kafka, table, profile, replication: Number(values.replication) });
report.progress(
  `Central at ${servers.url}, Kafka at ${servers.setup.kafka}, ${servers.setup.tableUrl.split(":")[0]}`,
);
await servers.consume(true);
const fleet = benchFleet(Number(values.cps));
const count = Math.round(fleet.cps.length * Number(values.charging));
const charging = await populate(fleet, servers, count);
report.progress(`${fleet.cps.length} charge points registered, ${charging.length} of them charge`);

const guests = fleet.cps.slice(count);
const stage: Stage = { servers, fleet, charging, guests, rounds: Number(values.rounds), report };
for (const name of wanted) await parts[name]?.(stage);
await servers.end();
process.exit(report.end().length === 0 ? 0 : 1);
