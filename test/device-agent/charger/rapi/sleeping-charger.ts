// Where most tests of the driver's rules begin: a charger identified and put to sleep, and wishes for it.
import { expect } from "vitest";
import type { ChargerEvent, Supply } from "../../../../device-agent/charger/port.ts";
import { type SmallBox, smallBox } from "./small-box.ts";
import { type VirtualLine, virtualLine } from "./virtual-line.ts";

export const on = (more: Partial<Extract<Supply, { on: true }>> = {}): Supply => ({
  on: true,
  amps: 16,
  permit: "p1",
  notAfterMono: null,
  ...more,
});
export const off: Supply = { on: false };

/** At 3 s of virtual time. */
export function asleep(
  change: (box: SmallBox) => void = () => {},
  ctRatio = 1,
): { box: SmallBox; line: VirtualLine } {
  const box = smallBox();
  change(box);
  const line = virtualLine(box, { ctRatio });
  line.want(off);
  line.run(3_000);
  expect(box.state).toBe(0xfe);
  return { box, line };
}

/** What was told, readings left out. */
export const events = (line: VirtualLine, fromMs = 0): ChargerEvent[] =>
  line.told.filter(({ ms, event }) => ms >= fromMs && event.is !== "reading").map(({ event }) => event);
