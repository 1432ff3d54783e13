// Our own energy register: it only grows, whatever the charger's session counter does.
//
// 1. Growth of the session counter is energy.
// 2. Any decrease is a reset, not negative energy: what the counter shows now has flowed since the reset.
// 3. The first counter ever seen is only the base: what flowed before is not known to be ours.
//
// What a reset hides: the energy between the last value we saw and the reset; and, when more has flowed since the
// reset than the old counter showed before we look again, the reset itself: then only the excess counts. Both
// errors are in the driver's favour. A boot of the charger is therefore no input here: a boot wrongly believed
// would count a whole session twice.
import * as z from "zod";

export const Register = z.object({
  /** Watt-seconds since this register was made. */
  registerWs: z.number().int().min(0),
  /** The session counter at the last reading; null: not known, the next reading sets it. */
  lastSessionWs: z.number().int().min(0).nullable(),
});
export type Register = z.infer<typeof Register>;

export const emptyRegister: Register = { registerWs: 0, lastSessionWs: null };

/** The register after a reading. `sessionWs` is a whole number ≥ 0; anything else is a bug of the caller. */
export function advance(register: Register, sessionWs: number): Register {
  if (!Number.isSafeInteger(sessionWs) || sessionWs < 0)
    throw new RangeError(`session counter ${sessionWs} Ws is not a whole number ≥ 0`);
  const last = register.lastSessionWs;
  const grownWs = last === null ? 0 : sessionWs >= last ? sessionWs - last : sessionWs;
  return { registerWs: register.registerWs + grownWs, lastSessionWs: sessionWs };
}

/** Whole watt-hours, floored, so that start and end of consecutive sessions meet without a gap. */
export function registerWh(register: Register): number {
  return Math.floor(register.registerWs / 3600);
}
