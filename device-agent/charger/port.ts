// What the engine needs of a charger, whatever protocol it speaks; owned by the engine, one driver per protocol.
//
// 1. `want` is a wish, absolute and idempotent: the driver makes the charger follow it for as long as it holds.
// 2. The driver never closes the relay unless the last wish says so and its permit has not expired.
// 3. Counters are reported as the charger gives them, current-transformer ratio applied; the register is ours.

/** OpenEVSE states 04…0b and the like, in the field's words. */
export type ChargerFault =
  | "vent-required"
  | "diode-check"
  | "ground-fault"
  | "no-ground"
  | "stuck-relay"
  | "self-test"
  | "over-temperature"
  | "over-current"
  | "relay-closure"
  | "unknown";

export interface ChargerReading {
  /** Milliseconds of the monotonic clock at which the charger answered. */
  mono: number;
  /** The truth about the relay. */
  relayClosed: boolean;
  /** Null while the charger cannot tell (starting, disabled). */
  plugged: boolean | null;
  /** The car asks for energy (pilot state C), closed relay or not. */
  carReady: boolean;
  state: "starting" | "no-vehicle" | "connected" | "charging" | "fault" | "sleeping" | "disabled";
  fault: ChargerFault | null;
  /** Energy of the current plug-in in watt-seconds; falls when the charger reset it. */
  sessionWs: number;
  /** The charger's own lifetime counter in Wh; lags, and loses a session cut by a power loss. */
  lifetimeWh: number;
  powerW: number;
}

export type Supply =
  | { on: false }
  | {
      on: true;
      /** 6 to the charger's maximum, on the secondary side of the current transformer. */
      amps: number;
      /** Names this permission, so that its expiry can be told from another's. */
      permit: string;
      /** The relay may not be told to close after this monotonic time; null: already closed once, or no expiry. */
      notAfterMono: number | null;
    };

export type ChargerEvent =
  /** First contact after start, reopening or boot. `serial` null: the firmware has none. */
  | {
      is: "identity";
      firmware: string;
      serial: string | null;
      maxAmps: number;
      /** The counters come times this; 1 where absent. */
      ctRatio?: number;
    }
  | { is: "reading"; reading: ChargerReading }
  /** The charger restarted by itself; its session counter starts anew. */
  | { is: "booted"; mono: number; selfTest: string }
  /** No valid answer for longer than the driver's limit; the driver goes on trying. Followed by `identity` when back. */
  | { is: "unreachable"; mono: number; reason: string }
  /** The permit ran out before the charger accepted the enable; the relay stayed open, the wish is now off. */
  | { is: "permit-expired"; permit: string };

export interface Charger {
  /** Begins to talk; events come in order, never before this call returned. */
  start(listener: (event: ChargerEvent) => void): void;
  want(supply: Supply): void;
  /** Asks for a reading as soon as the line is free (they also come about every second). */
  readNow(): void;
  close(): Promise<void>;
}
