// What can be said to a simulated charger beside its serial line, and what it answers: JSON lines.
import * as z from "zod";
import type { EnergisedInterval } from "./point.rules.ts";

const Wh = z.number().int().min(1).max(1_000_000);
const faultKinds = ["gfci", "no-ground", "stuck-relay", "over-temperature", "self-test", "none"] as const;

export const ControlCommand = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("status") }),
  z.strictObject({
    do: z.literal("plug"),
    car: z
      .strictObject({ needWh: Wh.optional(), maxW: z.number().int().min(1).max(1_000_000).optional() })
      .optional(),
  }),
  z.strictObject({ do: z.literal("unplug") }),
  /** The plugged-in car's battery lacks this much from now on. */
  z.strictObject({ do: z.literal("battery"), needWh: Wh }),
  z.strictObject({ do: z.literal("fault"), kind: z.enum(faultKinds) }),
  /** The box's own temperature; from 65 °C it throttles, from 71 °C it stops. */
  z.strictObject({ do: z.literal("temperature"), celsius: z.number().min(-40).max(120) }),
  z.strictObject({ do: z.literal("mains"), on: z.boolean() }),
  z.strictObject({ do: z.literal("cars"), mode: z.enum(["auto", "none"]) }),
  /** A disturbance on the pilot: the session counter starts anew, nothing else shows. */
  z.strictObject({ do: z.literal("glitch") }),
  z.strictObject({ do: z.literal("reset") }),
  /** The line is dead in both directions for this long. */
  z.strictObject({ do: z.literal("mute"), ms: z.number().int().min(0).max(3_600_000) }),
  /** So many of the next frames carry a wrong checksum. */
  z.strictObject({ do: z.literal("corrupt"), frames: z.number().int().min(0).max(10_000) }),
  z.strictObject({ do: z.literal("button"), long: z.boolean().optional() }),
]);
export type ControlCommand = z.infer<typeof ControlCommand>;
export type FaultKind = (typeof faultKinds)[number];

/** Energy and power without another word are true ones (primary side); the box's own are secondary. */
export interface ChargerStatus {
  cp: string;
  firmware: string;
  power: "off" | "booting" | "running" | "resetting";
  /** As on the wire, two hexadecimal digits. */
  state: string;
  relayClosed: boolean;
  plugged: boolean;
  offer: "dead" | "withheld" | "offered";
  /** Secondary side. */
  amps: number;
  maxAmps: number;
  currentMa: number;
  sessionWs: number;
  totalWh: number;
  ctRatio: number;
  powerW: number;
  /** Lifetime truth in whole Ws: what flowed, whatever the box counted or forgot. */
  trueRegisterWs: number;
  /** Lifetime sum of what the box's meter counted, in whole Ws × ratio: what a perfect host could have read. */
  meteredRegisterWs: number;
  /** The last 50, the one under way with `endMono: null`. */
  intervals: EnergisedInterval[];
  car: { needWh: number; missingWh: number; maxW: number; asks: boolean } | null;
  cars: "auto" | "none";
  fault: FaultKind;
  celsius: number;
  mono: number;
}

export type ControlAnswer = { ok: true; status: ChargerStatus } | { ok: false; error: string };

export const longestCommand = 1024;

/** Reads one line. The error says what was wrong and what to send instead. */
export function readCommand(line: string): { command: ControlCommand } | { error: string } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { error: 'not JSON: send one object per line, for instance {"do":"status"}' };
  }
  const parsed = ControlCommand.safeParse(value);
  if (parsed.success) return { command: parsed.data };
  const known = ControlCommand.options.map((option) => option.shape.do.value);
  const asked = typeof value === "object" && value !== null && "do" in value ? value.do : undefined;
  const named = known.find((name) => name === asked);
  if (named === undefined) {
    return { error: `unknown command: send {"do": …} with one of ${known.join(", ")}` };
  }
  const issue = parsed.error.issues[0];
  const what = [named, ...(issue?.path ?? [])].join(" ");
  return { error: `${what}: ${issue?.message ?? "wrong"}; correct it and send again` };
}
