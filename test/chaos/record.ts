// One chaos run from an empty folder to its history: start, suffer, mend, rest, collect.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { InboxRow } from "../../central-fn/tables/rows.ts";
import { openChargerControl } from "../../simulator/charger/control.ts";
import { baseFleet } from "../../simulator/fleet/base-fleet.ts";
import { serviceNames } from "../../simulator/fleet/names.ts";
import { systemClock } from "../../wire/process/clock.ts";
import { LiveFleet } from "../support/live-fleet.ts";
import { areReal, reachBroker } from "../support/real-servers.ts";
import { crowdDrivers, openCrowd } from "./crowd.ts";
import type { History } from "./history.ts";
import { readJournal } from "./journals.ts";
import { readKafka, readOffsets } from "./kafka-reading.ts";
import { type Ground, runNemesis } from "./nemesis.ts";
import { openNetwork } from "./network.ts";
import { planFaults, type Targets } from "./plan.rules.ts";
import { comeToRest } from "./quiet.ts";
import { mountSmallDisk, type SmallDisk } from "./small-disk.ts";
import { openWitness } from "./witness.ts";

export interface RunOptions {
  seed: number;
  durationMs: number;
  portOffset: number;
  say(line: string): void;
}

const wholeWithinMs = 120_000;
const restWithinMs = 180_000;
/** Its journal lies on the small disk; the busiest point of the base fleet. */
const smallDiskCp = "CP-002";

/** The history, and what was still missing when the fleet should have come to rest. */
export async function record(options: RunOptions): Promise<{ history: History; missing: string[] }> {
  const { seed, durationMs, portOffset } = options;
  const fleet = new LiveFleet(portOffset);
  const began = performance.now();
  const say = (line: string) =>
    options.say(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  say(
    `${areReal() ? "real servers, " : ""}seed ${seed}, faults for ${durationMs / 1000} s, state in ${fleet.state}`,
  );
  const base = baseFleet();
  const network = await openNetwork(base, portOffset);
  const disk = smallDisk(fleet, say);
  const journalPath = (cp: string) =>
    disk && cp === smallDiskCp ? join(disk.path, "journal.db") : join(fleet.places.data, cp, "journal.db");
  fleet.write((files) => {
    files.system.links = false;
    files.system.env = network.env;
    const engine = serviceNames.engine(smallDiskCp);
    if (disk) files.system.env[engine] = { ...network.env[engine], JOURNAL_PATH: journalPath(smallDiskCp) };
  });
  const targets = targetsOf(base, network.links, disk);
  const history = emptyHistory(seed, targets);
  const ground: Ground = { fleet, network, disk, targets, journalPath, history, say };
  try {
    await fleet.up();
    await fleet.whole(wholeWithinMs);
    if (areReal()) await fleet.settled(5_000, 150_000);
    say(`the fleet is up and whole`);
    const missing = await suffer(ground, durationMs, history);
    say(missing.length === 0 ? "all is quiet; collecting" : `no rest: ${missing.join("; ")}`);
    await collect(ground, history);
    return { history, missing };
  } finally {
    await fleet.down();
    await network.close();
    disk?.unmount();
    fleet.remove();
  }
}

async function suffer(ground: Ground, durationMs: number, history: History): Promise<string[]> {
  const { fleet, targets, say } = ground;
  history.startedAtMs = Date.now();
  const drivers = baseFleet().drivers.map(({ driver_id }) => driver_id);
  const abandon = new AbortController();
  // Ctrl-C ends the suffering, not the run: what was seen until then is judged.
  process.on("SIGINT", () => abandon.abort());
  const broker = await reachBroker(fleet.places, fleet.port(1883), "chaos-witness");
  const witness = openWitness(fleet, broker, [...drivers, ...crowdDrivers], history, () => abandon.abort());
  const crowd = openCrowd(fleet, history.cps, history.seed, history);
  try {
    await runNemesis(ground, planFaults(history.seed, durationMs, targets), abandon.signal);
    history.healedAtMs = Date.now();
    say("the last fault is mended");
    await crowd.close();
    const missing = await comeToRest(ground, targets.drivers, restWithinMs);
    history.quietAtMs = Date.now();
    return missing;
  } finally {
    await crowd.close();
    await witness.close();
  }
}

function smallDisk(fleet: LiveFleet, say: (line: string) => void): SmallDisk | null {
  const path = join(fleet.state, "small-disk");
  mkdirSync(path, { recursive: true });
  const disk = mountSmallDisk(path);
  if (!("refused" in disk)) return disk;
  say(`no small disk may be mounted here (${disk.refused}): going on without full disks`);
  return null;
}

function targetsOf(
  { cps, drivers }: ReturnType<typeof baseFleet>,
  links: Ground["network"]["links"],
  disk: SmallDisk | null,
): Targets {
  const { kafka, mqtt, bridge, central, table } = serviceNames;
  return {
    servers: [kafka, mqtt, bridge, central],
    tables: areReal() ? [table] : [],
    drivers: drivers.map(({ driver_id }) => serviceNames.driver(driver_id)),
    cps: cps.map(({ cp_id: cp }) => ({
      cp,
      engine: serviceNames.engine(cp),
      monitor: serviceNames.monitor(cp),
      charger: serviceNames.charger(cp),
    })),
    links: [...links].map(([name, { cp }]) => ({ name, cp })),
    smallDisk: disk && smallDiskCp,
  };
}

function emptyHistory(seed: number, { cps }: Targets): History {
  return {
    seed,
    cps: cps.map(({ cp }) => cp),
    monoToWallMs: Date.now() - systemClock().monoMs(),
    startedAtMs: 0,
    healedAtMs: 0,
    quietAtMs: 0,
    faults: [],
    deaths: [],
    statuses: [],
    lags: [],
    asks: [],
    glimpses: [],
    read: {},
    acknowledged: [],
    published: [],
    journals: [],
    chargers: [],
    kafka: {},
    offsets: [],
    tables: { sessions: [], cdrs: [], reviews: [], cps: [], drivers: [], inboxes: {}, deadLetters: [] },
  };
}

async function collect({ fleet, targets, journalPath }: Ground, history: History): Promise<void> {
  // An engine that ends in order writes down what it only remembered.
  await fleet.ask({ verb: "stop", services: targets.cps.map(({ engine }) => engine) });
  for (const { cp } of targets.cps) {
    history.journals.push(readJournal(journalPath(cp), cp, null));
    const control = await openChargerControl(join(fleet.places.sockets, `${cp}.box.sock`));
    history.chargers.push(await control.status());
    control.close();
  }
  const drivers = fleet.rows<History["tables"]["drivers"][number]>("driver#", "driver");
  history.tables = {
    sessions: fleet.sessions,
    cdrs: fleet.cdrs,
    reviews: fleet.reviews,
    cps: fleet.cpRows,
    drivers: drivers.map(({ value }) => value),
    inboxes: Object.fromEntries(
      drivers.map(({ pk, value }) => [
        value.driver,
        fleet.rows<InboxRow>(pk, "inbox#").map((row) => row.value),
      ]),
    ),
    deadLetters: fleet.rows("dead-letters"),
  };
  const broker = `127.0.0.1:${fleet.port(9092)}`;
  history.kafka = await readKafka(broker, 120_000);
  history.offsets = await readOffsets(broker);
}
