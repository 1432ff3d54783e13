// A disk image of one charge point runs in a second machine for a while: same name, same journal, same numbers, its
// own charger. Then it is switched off, and an operator puts the charge point back into service.
import { partitionOf } from "../../wire/messages/index.ts";
import type { SimDevice } from "./device.ts";
import type { Stage } from "./faults.ts";

const operatorLooksEveryMs = 300_000;

/** Once per charge point: what a third machine would do is nobody's concern any more. */
export function strikeClone(stage: Stage, device: SimDevice): void {
  if (device.copies.length > 0) return;
  const { world } = stage;
  // Half of the images are taken while the machine is off, so that both begin the same epoch.
  if (world.chance(0.5)) device.reboot(world.between(10_000, 120_000));
  const copy = device.copy();
  if (world.chance(0.3)) world.after(world.between(1_000, 60_000), () => copy.box.plug(20_000 * 3_600));
  world.after(world.between(60_000, 1_200_000), () => switchOff(copy));
  sortOut(stage, device);
}

export function switchOff(copy: SimDevice): void {
  copy.box.unplug();
  copy.switchOff();
}

/** While Central says that two devices speak, and one is off: the other is started again and the point resumed. */
function sortOut(stage: Stage, device: SimDevice): void {
  const { world, central } = stage;
  world.after(world.between(operatorLooksEveryMs / 2, operatorLooksEveryMs), () => {
    sortOut(stage, device);
    const needed = (central.cpRow(device.cp)?.quarantine ?? null) !== null;
    if (!needed || !device.copies.every((copy) => copy.off)) return;
    device.killEngine();
    device.startEngine();
    device.monitor.kill();
    device.monitor.start();
    world.after(60_000, () => resume(stage, device.cp));
  });
}

function resume({ world, kafka }: Stage, cp: string): void {
  const value = {
    v: 1,
    type: "resume-cp",
    id: `O-${world.hex(16)}`,
    operator: "operator-1",
    cp,
    requestedAt: world.nowMs,
  };
  kafka.produce(
    [
      {
        topic: "operator.requests",
        key: cp,
        partition: partitionOf(cp, kafka.partitions),
        value: JSON.stringify(value),
        timestampMs: world.nowMs,
      },
    ],
    () => true,
    () => {},
  );
}
