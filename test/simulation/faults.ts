// The faults of the simulated world, each with how it strikes; a run draws which of them it has and how often.
import type { SimBridge } from "./bridge.ts";
import type { SimCentral } from "./central.ts";
import { strikeClone, switchOff } from "./clone.ts";
import type { SimDevice } from "./device.ts";
import type { SimKafka } from "./kafka.ts";
import type { SimBroker } from "./mqtt.ts";
import type { World } from "./world.ts";

export interface Stage {
  world: World;
  devices: readonly SimDevice[];
  broker: SimBroker;
  bridge: SimBridge;
  kafka: SimKafka;
  central: SimCentral;
}

type Strike = (stage: Stage, device: SimDevice) => unknown;

const minutes = (world: World, from: number, to: number) => world.between(from * 60_000, to * 60_000);

/** One-off faults. */
export const faults: Record<string, Strike> = {
  "engine killed": ({ world }, device) => {
    if (!device.engine) return;
    device.killEngine();
    world.after(world.chance(0.2) ? minutes(world, 5, 60) : world.between(500, 60_000), () =>
      device.startEngine(),
    );
  },
  "engine stopped cleanly": ({ world }, device) => {
    device.terminate();
    world.after(world.between(10_000, 60_000), () => device.startEngine());
  },
  "device rebooted": ({ world }, device) => device.reboot(world.between(10_000, 120_000)),
  "monitor killed": ({ world }, device) => {
    device.monitor.kill();
    world.after(world.between(1_000, 400_000), () => device.monitor.start());
  },
  "monitor paused": ({ world }, device) => {
    device.monitor.paused = true;
    world.after(world.between(1_000, 300_000), () => {
      device.monitor.paused = false;
    });
  },
  "charger loses mains": ({ world }, device) => device.powerCycle(world.between(500, 60_000)),
  "pilot glitch": (_stage, device) => device.box.glitch(),
  "cars swapped unseen": ({ world }, device) => {
    const { box } = device;
    if (!box.relay || !device.engine) return;
    const cut = world.chance(0.5);
    if (cut) box.troubles.serialLoss = 1;
    else device.killEngine();
    const leavesMs = world.between(5_000, 600_000);
    const nextMs = leavesMs + world.between(8_000, 120_000);
    world.after(leavesMs, () => box.unplug());
    world.after(nextMs, () => box.plug(Math.floor(box.powerW * world.between(60, 3_000))));
    // Sometimes somebody looks again while the second car charges, sometimes only when it has left too.
    const backMs = nextMs + world.between(10_000, 900_000);
    if (world.chance(0.3)) world.after(backMs - 5_000, () => box.unplug());
    world.after(backMs, () => {
      if (cut) box.troubles.serialLoss = 0;
      else device.startEngine();
    });
    // Whoever stays leaves in the end.
    world.after(backMs + world.between(60_000, 1_800_000), () => box.unplug());
  },
  "charger fault": ({ world }, device) => {
    device.box.setFault(world.pick(["over-temperature", "ground-fault", "over-current"] as const));
    world.after(world.between(5_000, 300_000), () => device.box.setFault(null));
  },
  "serial line bad": ({ world }, device) => {
    device.box.troubles.serialLoss = world.pick([0.1, 0.5, 1]);
    world.after(world.between(2_000, 200_000), () => {
      device.box.troubles.serialLoss = 0;
    });
  },
  "disk full": ({ world }, device) => {
    const { disk } = device;
    disk.full = true;
    world.after(minutes(world, 1, 20), () => {
      disk.full = false;
    });
  },
  "wall clock jumps": ({ world }, device) => {
    device.wallSkewMs = world.pick([-3_600_000, 3_600_000, -1_700_000_000_000, 0]);
  },
  "link cut": ({ world }, device) => world.pick([device.client, device.monitor.client])?.cut(),
  "link half open": ({ world }, device) =>
    world.pick([device.client, device.monitor.client])?.halfOpen(world.between(1_000, 60_000)),
  "device cut off": ({ world }, device) => {
    const ms = world.chance(0.2) ? minutes(world, 10, 90) : world.between(1_000, 120_000);
    device.client?.block(ms);
    device.monitor.client?.block(ms);
  },
  "broker restarted": ({ world, broker }) => broker.restart(world.between(200, 60_000)),
  "bridge killed": ({ world, bridge }) => {
    bridge.kill();
    world.after(world.between(500, 120_000), () => bridge.start());
  },
  "bridge link half open": ({ world, bridge }) => bridge.client?.halfOpen(world.between(1_000, 30_000)),
  "kafka away": ({ world, kafka }) => {
    kafka.up = false;
    world.after(world.chance(0.2) ? minutes(world, 2, 30) : world.between(500, 60_000), () => {
      kafka.up = true;
    });
  },
  "central away": ({ world, central }) =>
    central.outage(world.chance(0.3) ? minutes(world, 2, 30) : world.between(500, 30_000)),
  rebalance: ({ world, central }) => {
    for (const reader of central.readers) if (world.chance(0.5)) reader.interrupt(world.between(0, 3_000));
  },
};

/** Rare, for they change what can be promised. */
export const rareFaults: Record<string, Strike> = {
  // Of a copied disk and a lost one together nobody can say what should become.
  "journal lost": (_stage, device) => device.copies.length > 0 || device.replaceDisk(),
  "device cloned": (stage, device) => device.lostJournals.size > 0 || strikeClone(stage, device),
};

/** Standing troubles: switched on for the whole faulty time. */
export const troubles: Record<string, (stage: Stage) => void> = {
  "messages lost": ({ world, broker }) => {
    broker.drop = world.pick([0.01, 0.1, 0.3]);
  },
  "messages repeated": ({ world, broker }) => {
    broker.duplicate = world.pick([0.02, 0.2]);
  },
  "messages overtake": ({ world, broker }) => {
    broker.reorder = world.pick([0.05, 0.3]);
  },
  "responses of kafka lost": ({ world, kafka }) => {
    kafka.lostResponse = world.pick([0.01, 0.1]);
  },
  "handlers die": ({ world, central }) => {
    central.crash = world.pick([0.002, 0.02]);
  },
  "table unavailable": ({ world, central }) => {
    central.unavailable = world.pick([0.005, 0.05]);
  },
  "engine dies at a commit or serial step": ({ world, devices }) => {
    for (const device of devices) device.chances.crash = world.pick([0.0005, 0.005, 0.02]);
  },
};

/** Everything whole again. */
export function heal({ devices, broker, bridge, kafka, central }: Stage): void {
  broker.up = true;
  broker.drop = 0;
  broker.duplicate = 0;
  broker.reorder = 0;
  kafka.up = true;
  kafka.lostResponse = 0;
  central.crash = 0;
  central.unavailable = 0;
  bridge.start();
  for (const device of devices) {
    device.chances.crash = 0;
    for (const copy of device.copies) switchOff(copy);
    device.box.troubles.serialLoss = 0;
    device.box.setFault(null);
    device.disk.full = false;
    device.wallSkewMs = 0;
    device.monitor.paused = false;
    device.monitor.start();
    if (device.client) device.client.blockedUntilMs = 0;
    if (device.monitor.client) device.monitor.client.blockedUntilMs = 0;
    device.startEngine();
  }
}
