// From the words of `ev plug`, `ev unplug` and `ev charger` to a command for the box, and its answer in words. Pure.
import type { ChargerStatus, ControlCommand } from "../charger/control.messages.ts";
import { Complaint } from "../fleet/complaint.ts";

/** Every command of `ev charger CP …`, for the help and for mistakes. */
export const chargerCommands: readonly (readonly [usage: string, does: string])[] = [
  ["status", "what the box, its meter and its car say"],
  ["battery KWH", "the plugged-in car lacks so much from now on"],
  ["fault KIND", "gfci, no-ground, stuck-relay, over-temperature, self-test, or none to mend it"],
  ["temperature C", "the box's own temperature; it throttles from 65 °C and stops from 71 °C"],
  ["mains on|off", "the power of the street"],
  ["cars auto|none", "cars come and go by themselves, or only by plug and unplug"],
  ["glitch", "a disturbance on the pilot: the session counter starts anew"],
  ["reset", "the box restarts"],
  ["mute SECONDS", "its serial line is dead for so long"],
  ["corrupt FRAMES", "so many of its next frames have a wrong checksum"],
  ["button [long]", "somebody presses the box's button"],
];

/** What the words after the charge point ask for. Throws a Complaint. */
export function chargerCommand(words: readonly string[]): ControlCommand {
  const [name = "status", value, ...more] = words;
  const usage = chargerCommands.find(([known]) => known.split(" ")[0] === name)?.[0];
  if (usage === undefined)
    throw new Complaint(
      `a charger knows no ${name}: one of ${chargerCommands.map(([known]) => known.split(" ")[0]).join(", ")}`,
    );
  const wrong = (): Complaint =>
    new Complaint(`\`ev charger CP ${usage}\` is wanted, not ${words.join(" ")}`);
  const takesValue = usage.includes(" ");
  const isOptional = usage.includes("[");
  if (more.length > 0 || (value !== undefined) !== takesValue)
    if (!(isOptional && more.length === 0)) throw wrong();
  const number = (least: number, most: number): number => {
    const amount = /^-?\d+(?:\.\d+)?$/.test(value ?? "") ? Number(value) : Number.NaN;
    if (amount >= least && amount <= most) return amount;
    throw new Complaint(`${name} "${value ?? ""}": a number from ${least} to ${most} is wanted`);
  };
  const oneOf = <T extends string>(...known: readonly T[]): T => {
    const found = known.find((one) => one === value);
    if (found !== undefined) return found;
    throw new Complaint(`${name} "${value ?? ""}": one of ${known.join(", ")} is wanted`);
  };
  switch (name) {
    case "battery":
      return { do: "battery", needWh: Math.round(number(0.001, 1_000) * 1_000) };
    case "fault":
      return {
        do: "fault",
        kind: oneOf("gfci", "no-ground", "stuck-relay", "over-temperature", "self-test", "none"),
      };
    case "temperature":
      return { do: "temperature", celsius: number(-40, 120) };
    case "mains":
      return { do: "mains", on: oneOf("on", "off") === "on" };
    case "cars":
      return { do: "cars", mode: oneOf("auto", "none") };
    case "glitch":
      return { do: "glitch" };
    case "reset":
      return { do: "reset" };
    case "mute":
      return { do: "mute", ms: Math.round(number(0, 3_600) * 1_000) };
    case "corrupt":
      return { do: "corrupt", frames: Math.trunc(number(0, 10_000)) };
    case "button":
      if (value !== undefined && value !== "long") throw wrong();
      return { do: "button", long: value === "long" };
    default:
      return { do: "status" };
  }
}

/** A car of `--need-kwh` and `--max-kw`; what is left out follows from the point's power. Throws a Complaint. */
export function plugCommand(needKwh: string | undefined, maxKw: string | undefined): ControlCommand {
  const amount = (option: string, typed: string) => {
    const value = /^\d+(?:\.\d+)?$/.test(typed) ? Number(typed) : Number.NaN;
    if (value >= 0.001 && value <= 1_000) return Math.round(value * 1_000);
    throw new Complaint(`${option}=${typed}: a number from 0.001 to 1000 is wanted`);
  };
  return {
    do: "plug",
    car: {
      ...(needKwh !== undefined && { needWh: amount("--need-kwh", needKwh) }),
      ...(maxKw !== undefined && { maxW: amount("--max-kw", maxKw) }),
    },
  };
}

/** "relay closed, 22.1 kW; car lacks 0.120 of 0.150 kWh; box running (state 03)". */
export function statusText(status: ChargerStatus): string {
  const { car } = status;
  const kwh = (wh: number) => (wh / 1_000).toFixed(3);
  const parts = [
    car ? `car plugged in, lacks ${kwh(car.missingWh)} of ${kwh(car.needWh)} kWh` : "no car plugged in",
    status.relayClosed ? `relay closed, ${(status.powerW / 1_000).toFixed(1)} kW` : "relay open",
    `offer ${status.offer}`,
    `box ${status.power} (state ${status.state})`,
    ...(status.fault === "none" ? [] : [`fault ${status.fault}`]),
    `${Math.round(status.celsius)} °C`,
    `cars ${status.cars}`,
    `register ${kwh(status.trueRegisterWs / 3_600)} kWh`,
  ];
  return parts.join(" · ");
}
