// Time as the protocol wants it: the system's monotonic clock with the boot it counts from, and a wall clock
// that says whether it can be trusted.
import { readFileSync } from "node:fs";
import type { Stamp } from "../messages/index.ts";

export interface Clock {
  /** Milliseconds of CLOCK_MONOTONIC: shared by all processes of one boot, never set back. */
  monoMs(): number;
  /** Milliseconds since 1970 UTC. */
  wallMs(): number;
  stamp(): Stamp;
}

export function systemClock(): Clock {
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const monoMs = () => Number(process.hrtime.bigint() / 1_000_000n);
  // A machine without a clock chip starts in 1970: such a wall clock is a hint at most.
  const synced = () => Date.now() > Date.UTC(2025, 0, 1);
  return {
    monoMs,
    wallMs: () => Date.now(),
    stamp: () => ({ boot, mono: monoMs(), wall: Date.now(), synced: synced() }),
  };
}
