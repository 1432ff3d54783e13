// Drivers and their cars: requests, cancels, stops, early and late plug-ins, cars that never come, leave early,
// overstay. They act on what the table tells them, like the phone does through the API.
import { type DriverRow, keys, type SessionRow } from "../../central-fn/tables/rows.ts";
import { partitionOf } from "../../wire/messages/index.ts";
import type { SimCentral } from "./central.ts";
import type { SimDevice } from "./device.ts";
import type { SimKafka } from "./kafka.ts";
import { waiting, waitingWish } from "./queueing.ts";
import type { World } from "./world.ts";

export class SimDrivers {
  requests = 0;
  stopped = false;
  readonly requested: { sid: string; driver: string; cp: string }[] = [];
  readonly #world: World;
  readonly #kafka: SimKafka;
  readonly #central: SimCentral;
  readonly #devices: readonly SimDevice[];

  constructor(
    world: World,
    kafka: SimKafka,
    central: SimCentral,
    devices: readonly SimDevice[],
    count: number,
  ) {
    this.#world = world;
    this.#kafka = kafka;
    this.#central = central;
    this.#devices = devices;
    for (let n = 1; n <= count; n++) this.#later(`driver-${n}`, world.between(5_000, 120_000));
  }

  #later(driver: string, ms: number): void {
    this.#world.after(ms, () => {
      if (!this.stopped) this.#request(driver);
    });
  }

  #request(driver: string): void {
    const world = this.#world;
    const device = world.pick(this.#devices);
    const { cp } = device;
    const sid = `S-${cp}-${world.hex(16)}`;
    const request = {
      v: 1,
      type: "start",
      sid,
      driver,
      cp,
      vehicleId: "VEH-1",
      ...(world.chance(0.4) ? { limit: { energyWh: world.between(100, 20_000) } } : {}),
      ...waitingWish(world),
      requestedAt: world.nowMs,
      expiresAt: world.nowMs + 60_000,
    };
    this.requests += 1;
    this.requested.push({ sid, driver, cp });
    // A cancel may overtake its request.
    if (world.chance(0.03))
      this.#append(cp, { v: 1, type: "cancel", sid, driver, cp, requestedAt: world.nowMs });
    this.#append(cp, request);
    // A phone that got no answer asks again under the same id.
    if (world.chance(0.2)) world.after(world.between(10, 5_000), () => this.#append(cp, request));
    if (world.chance(0.08))
      world.after(world.between(10, 20_000), () =>
        this.#append(cp, { v: 1, type: "cancel", sid, driver, cp, requestedAt: world.nowMs }),
      );
    // Whoever may have to wait comes when he is granted the point.
    const mayWait = "queue" in request || "startAt" in request;
    if (!mayWait) this.#comeByCar(device);
    this.#follow(driver, sid, device, world.nowMs, mayWait);
  }

  #append(cp: string, value: object): void {
    this.#kafka.produce(
      [
        {
          topic: "driver.requests",
          key: cp,
          partition: partitionOf(cp, this.#kafka.partitions),
          value: JSON.stringify(value),
          timestampMs: this.#world.nowMs,
        },
      ],
      () => true,
      () => {},
    );
  }

  #comeByCar(device: SimDevice): void {
    const world = this.#world;
    if (world.chance(0.08)) return;
    const needWs = Math.floor(device.box.powerW * world.between(60, 3_000));
    const arrive = world.chance(0.3) ? 0 : world.between(1_000, 90_000);
    world.after(arrive, () => device.box.plug(needWs));
  }

  /** Looks now and then what became of the session; leaves when it is over, or when it feels like it. */
  #follow(driver: string, sid: string, device: SimDevice, sinceMs: number, mayWait: boolean): void {
    const world = this.#world;
    const { cp } = device;
    const wait = waiting(world, {
      say: (type) =>
        this.#append(cp, {
          v: 1,
          type,
          sid,
          driver,
          cp,
          requestedAt: world.nowMs,
          expiresAt: world.nowMs + 60_000,
        }),
      come: () => this.#comeByCar(device),
    });
    const patience = world.between(5, 90) * 60_000;
    const stopAt = world.chance(0.3) ? sinceMs + world.between(10_000, 1_800_000) : null;
    let stopSaid = false;
    const look = () => {
      const row = this.#central.table.getNow<SessionRow>(keys.session(driver, sid))?.value;
      const over =
        row !== undefined &&
        ["BILLED", "ABORTED", "REJECTED", "EXPIRED", "CANCELLED", "NEEDS_REVIEW"].includes(row.rank);
      if (stopAt !== null && !stopSaid && world.nowMs > stopAt && !over) {
        stopSaid = true;
        this.#append(device.cp, { v: 1, type: "stop", sid, driver, cp: device.cp, requestedAt: world.nowMs });
      }
      if (mayWait) wait(row, this.stopped);
      const tired = world.nowMs - sinceMs > patience;
      if (!over && !tired) return void world.after(world.between(10_000, 60_000), look);
      // Most cars leave soon, some overstay; one that shares the socket with nobody may stay for hours.
      world.after(world.chance(0.1) ? world.between(600_000, 5_000_000) : world.between(2_000, 60_000), () =>
        device.box.unplug(),
      );
      this.#later(driver, world.between(4_000, 600_000));
    };
    world.after(world.between(10_000, 60_000), look);
  }

  inboxOf(driver: string): DriverRow | undefined {
    return this.#central.table.getNow<DriverRow>(keys.driver(driver))?.value;
  }
}
