// Meter values as columns of delta integers: one message carries up to a minute of 1 Hz readings.
import * as z from "zod";
import { Sid } from "./ids.ts";

/** Readings per message: 60 fit in about 1 KB. */
export const maxReadings = 120;

/**
 * Event `meter` (cp.telemetry). Reading i is at `mono0 + Σ dMs[0..i]` ms, register `wh0 + Σ dWh[0..i]` Wh,
 * power `w[i]` W. All columns have the same length, at least 1; dMs[0] and dWh[0] are 0.
 */
export const Meter = z
  .object({
    sid: Sid.nullable(),
    /** The register when the session started, so that a late joiner can show kWh and €. */
    registerStartWh: z.number().int().min(0).nullable(),
    mono0: z.number().int().min(0),
    wh0: z.number().int().min(0),
    dMs: z.array(z.number().int().min(0)).min(1).max(maxReadings),
    dWh: z.array(z.number().int().min(0)).min(1).max(maxReadings),
    w: z.array(z.number().int().min(0).max(2_000_000)).min(1).max(maxReadings),
  })
  .refine((m) => m.dMs.length === m.dWh.length && m.dMs.length === m.w.length, "columns differ in length");
export type Meter = z.infer<typeof Meter>;

export interface Reading {
  /** Milliseconds of the device's monotonic clock. */
  mono: number;
  registerWh: number;
  powerW: number;
}

/** Packs readings (oldest first, 1 to 120 of them) into columns. */
export function packReadings(
  sid: string | null,
  registerStartWh: number | null,
  readings: readonly Reading[],
): Meter {
  const first = readings[0];
  if (!first) throw new Error("packReadings needs at least one reading");
  const meter: Meter = {
    sid,
    registerStartWh,
    mono0: first.mono,
    wh0: first.registerWh,
    dMs: [],
    dWh: [],
    w: [],
  };
  let before = first;
  for (const reading of readings) {
    meter.dMs.push(reading.mono - before.mono);
    meter.dWh.push(reading.registerWh - before.registerWh);
    meter.w.push(reading.powerW);
    before = reading;
  }
  return meter;
}

export function unpackReadings(meter: Meter): Reading[] {
  let mono = meter.mono0;
  let registerWh = meter.wh0;
  return meter.w.map((powerW, i) => {
    mono += meter.dMs[i] ?? 0;
    registerWh += meter.dWh[i] ?? 0;
    return { mono, registerWh, powerW };
  });
}
