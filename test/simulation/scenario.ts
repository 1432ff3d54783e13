// One run: a small network, a faulty time, a healed time, the verdict.

import { mayBecome } from "../../central-fn/rules/session.ts";
import type { CpRow, SessionRow } from "../../central-fn/tables/rows.ts";
import type { Registration } from "../../wire/messages/index.ts";
import { type BridgeBugs, SimBridge } from "./bridge.ts";
import { type CentralBugs, SimCentral } from "./central.ts";
import { violations } from "./checker.ts";
import { type DeviceBugs, SimDevice } from "./device.ts";
import { SimDrivers } from "./drivers.ts";
import { faults, heal, rareFaults, type Stage, troubles } from "./faults.ts";
import { SimKafka } from "./kafka.ts";
import { SimBroker } from "./mqtt.ts";
import { SimOperators } from "./operators.ts";
import { lineFaults } from "./queueing.ts";
import { World } from "./world.ts";

export interface Bugs {
  device: DeviceBugs;
  bridge: BridgeBugs;
  central: CentralBugs;
  /** A rare fault that every run has, for the mistake shows only after it. */
  needs: string | null;
}

export const noBugs = (): Bugs => ({
  needs: null,
  device: {
    noFsync: false,
    noEpoch: false,
    trustPuback: false,
    expiryCheckedOnce: false,
    lifetimeIgnored: false,
    alterState: null,
    tellBeforeDisk: false,
    alterCommand: null,
  },
  bridge: { cumulativeAck: false, ackBeforeKafka: false, downlinkCommitFirst: false },
  central: {
    noDedup: false,
    commitFirst: false,
    alterRow: null,
    alterWrites: null,
    alterSends: null,
    skip: null,
    noSweep: false,
    noVersions: false,
  },
});

export interface Outcome {
  seed: number;
  wrong: string[];
  cpHours: number;
  turns: number;
  ticks: number;
  events: number;
  sessions: number;
  faults: Record<string, number>;
}

const faultyMs = 6 * 3_600_000;
const healingMs = 2 * 3_600_000;
const partitions = 2;

const registration = (n: number): Registration => ({
  name: `Point ${n}`,
  address: "Street 1",
  city: "Town",
  latitude: 40,
  longitude: -3,
  connectorType: "TYPE2",
  amenities: [],
  powerW: 22_000,
  priceE5PerKwh: 28_000 + n * 1_013,
  currency: "EUR",
});

/** Runs one seed to its end; everything it does follows from the seed (and the planted bugs). */
export function runSeed(
  seed: number,
  bugs: Bugs = noBugs(),
  trace: ((line: string) => void) | null = null,
): Outcome {
  const world = new World(seed);
  world.trace = trace;
  const kafka = new SimKafka(world, partitions);
  const broker = new SimBroker(world);
  const cps = Array.from({ length: world.between(1, 4) }, (_, i) => `CP-${String(i + 1).padStart(3, "0")}`);
  const bridge = new SimBridge(world, kafka, broker, bugs.bridge);
  // Every second seed has more going on at once: side by side, and with operators; the others are easier to read.
  const isBusy = seed % 2 === 1;
  const central = new SimCentral(world, kafka, bugs.central, cps, {
    sideBySide: isBusy,
    livesOn: seed % 4 < 2,
  });
  const wrong: string[] = [];
  watchRanks(central, wrong);
  const policy = world.chance(0.4) ? "resume" : "close";
  const devices = cps.map(
    (cp, i) =>
      new SimDevice(
        world,
        broker,
        {
          cp,
          maxAmps: 32,
          rebootPolicy: policy,
          idleLimitS: world.pick([60, 600, 3_600]),
          sampleFlushS: 60,
          agentVersion: "sim",
          minFreeBytes: 1_000,
        },
        registration(i),
        bugs.device,
        partitions,
      ),
  );
  const drivers = new SimDrivers(world, kafka, central, devices, cps.length + world.between(0, 3));
  const operators = isBusy ? new SimOperators(world, kafka, central, cps) : null;
  const stage: Stage = { world, devices, broker, bridge, kafka, central };
  const struck: Record<string, number> = {};
  world.after(120_000, () => unleash(stage, struck, faultyMs, bugs.needs));
  world.runUntil(faultyMs);
  heal(stage);
  drivers.stopped = true;
  operators?.openAll();
  world.say("world", "healed");
  // Engines that were to come back later come back now; cars leave in the end.
  world.runUntil(faultyMs + healingMs / 2);
  for (const device of devices) device.box.unplug();
  world.runUntil(faultyMs + healingMs);
  wrong.push(...violations({ devices, bridge, kafka, central, drivers }));
  return {
    seed,
    wrong,
    cpHours: (cps.length * (faultyMs + healingMs)) / 3_600_000,
    turns: world.turns,
    ticks: devices.reduce((sum, device) => sum + device.ticks, 0),
    events: kafka.appended,
    sessions: central.rows<SessionRow>("driver#", "session#").filter((row) => row.value.rank === "BILLED")
      .length,
    faults: struck,
  };
}

/** Draws which faults this run has and how often, and strikes. */
function unleash(stage: Stage, struck: Record<string, number>, untilMs: number, needed: string | null): void {
  const { world, devices } = stage;
  const count = (name: string) => {
    struck[name] = (struck[name] ?? 0) + 1;
  };
  for (const [name, begin] of Object.entries(troubles)) {
    if (!world.chance(0.35)) continue;
    world.say("fault", name);
    begin(stage);
    count(name);
  }
  const chosen = Object.entries(faults).filter(() => world.chance(0.5));
  for (const rare of Object.entries(rareFaults))
    if (world.chance(0.2) || rare[0] === needed) chosen.push(rare);
  const pace = world.pick([300_000, 1_200_000, 3_600_000]);
  for (const [name, strike] of chosen) {
    const again = () => {
      world.after(world.between(pace / 4, pace * 4), () => {
        if (world.nowMs > untilMs - 60_000) return;
        const device = world.pick(devices);
        world.say("fault", `${name} (${device.cp})`);
        count(name);
        strike(stage, device);
        if (!(name in rareFaults)) again();
      });
    };
    again();
  }
}

/** Invariant 11, at every commit: no rank falls, no bill is rewritten. */
function watchRanks(central: SimCentral, wrong: string[]): void {
  central.table.beforeCommit = (writes) => {
    wrong.push(...lineFaults(central, writes));
    for (const write of writes) {
      if (write.do !== "put") continue;
      // A commit that read an older version is refused as a whole.
      if (write.expect !== "any" && write.expect !== (central.table.getNow(write.key)?.version ?? 0)) return;
      if (write.key.sk.startsWith("session#")) {
        const before = central.table.getNow<SessionRow>(write.key)?.value.rank;
        const after = (write.value as SessionRow).rank;
        if (before && before !== after && !mayBecome(before, after))
          wrong.push(`11 ${write.key.sk}: ${before} became ${after}`);
      }
      if (write.key.sk.startsWith("cdr#") && central.table.getNow(write.key))
        wrong.push(`3 ${write.key.sk} was written twice`);
      if (write.key.pk.startsWith("cps#")) {
        const before = central.table.getNow<CpRow>(write.key)?.value;
        if (before && (write.value as CpRow).fence < before.fence)
          wrong.push(`6 ${write.key.sk}: the fence fell`);
      }
    }
  };
}
