// What differs between the stock OpenEVSE firmwares that the box can imitate: versions, frames and observed delays.

export const firmwareNames = ["8.2.3", "D8.1.1", "7.1.3", "5.0.1"] as const;
export type FirmwareName = (typeof firmwareNames)[number];

/** Delays in milliseconds, read from recordings of each firmware. */
export interface FirmwareDelays {
  /** Power on to the first text or `$AT 00`. */
  start: number;
  /** `$AT 00` to the end of the power-on self-test, with and without a car. */
  selfTestPlugged: number;
  selfTestUnplugged: number;
  /** End of the self-test, or enable, to state A; enable after sleep to state B. */
  unknownToA: number;
  unknownToB: number;
  /** To state B after the self-test or a disable: the presence of the car must be found anew. */
  unseenToB: number;
  plugToB: number;
  unplugToA: number;
  faultToA: number;
  /** Plug or unplug while asleep to its `$AT`. */
  asleepPlug: number;
  /** The ground-fault test before each closing of the contactor: the firmware does nothing else meanwhile. */
  gfiTest: number;
  /** The connector lock moves at every plug, unplug and disable: the firmware does nothing else meanwhile. */
  lock: number;
}

export interface Firmware {
  name: FirmwareName;
  rapi: string;
  /** `$AT state pilot amps vflags`, or the older `$ST state`. */
  stateFrame: "AT" | "ST";
  heartbeat: boolean;
  /** `GI` exists. */
  mcuId: boolean;
  /** `S3` and `SH` exist. */
  limits: boolean;
  /** Measures at power-on whether it hangs on 120 V or 240 V; cannot with a car plugged, then assumes 120 V. */
  autoLevel: boolean;
  hwMaxAmps: number;
  factoryAmps: number;
  /** Debug text `relayCloseMs`, `relayHoldPwm`, without any framing. */
  relayText: { closeMs: number; holdPwm: number; atEveryClose: boolean } | null;
  ms: FirmwareDelays;
}

const unlocked: FirmwareDelays = {
  start: 1954,
  selfTestPlugged: 1049,
  selfTestUnplugged: 1049,
  unknownToA: 67,
  unknownToB: 287,
  unseenToB: 287,
  plugToB: 284,
  unplugToA: 58,
  faultToA: 88,
  asleepPlug: 24,
  gfiTest: 1093,
  lock: 0,
};

const locked: FirmwareDelays = {
  start: 2252,
  selfTestPlugged: 1198,
  selfTestUnplugged: 2229,
  unknownToA: 66,
  unknownToB: 288,
  unseenToB: 346,
  plugToB: 364,
  unplugToA: 370,
  faultToA: 409,
  asleepPlug: 323,
  gfiTest: 1112,
  lock: 300,
};

export const firmwares: Record<FirmwareName, Firmware> = {
  "8.2.3": {
    name: "8.2.3",
    rapi: "5.2.1",
    stateFrame: "AT",
    heartbeat: true,
    mcuId: true,
    limits: false,
    autoLevel: true,
    hwMaxAmps: 80,
    factoryAmps: 24,
    relayText: { closeMs: 100, holdPwm: 255, atEveryClose: false },
    ms: locked,
  },
  "D8.1.1": {
    name: "D8.1.1",
    rapi: "5.2.0",
    stateFrame: "AT",
    heartbeat: false,
    mcuId: true,
    limits: true,
    autoLevel: true,
    hwMaxAmps: 80,
    factoryAmps: 16,
    relayText: { closeMs: 25, holdPwm: 75, atEveryClose: true },
    ms: { ...locked, gfiTest: 1092 },
  },
  "7.1.3": {
    name: "7.1.3",
    rapi: "5.1.3",
    stateFrame: "AT",
    heartbeat: false,
    mcuId: false,
    limits: true,
    autoLevel: false,
    hwMaxAmps: 32,
    factoryAmps: 32,
    relayText: { closeMs: 25, holdPwm: 75, atEveryClose: false },
    ms: unlocked,
  },
  "5.0.1": {
    name: "5.0.1",
    rapi: "4.0.1",
    stateFrame: "ST",
    heartbeat: false,
    mcuId: false,
    limits: true,
    autoLevel: false,
    hwMaxAmps: 32,
    factoryAmps: 32,
    relayText: null,
    ms: { ...unlocked, gfiTest: 1070 },
  },
};
