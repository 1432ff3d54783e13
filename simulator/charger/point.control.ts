// Control commands as inputs of the simulated point, and its status. Pure: sockets and memory chargers share it.

import { maxAmps, relayClosed } from "./box.state.ts";
import { isFull, mainsV, withBattery } from "./car.rules.ts";
import { needWhFor } from "./cars.ts";
import type { ChargerStatus, ControlCommand } from "./control.messages.ts";
import { meteredRegisterWs, offerOf, type Point, type PointInput, trueRegisterWs } from "./point.rules.ts";
import { hex } from "./rapi.ts";

const usualSessionS = 30;

/** What a command does to the point; a refusal says what to do instead. */
export function inputsFor(
  point: Point,
  command: ControlCommand,
): { inputs: PointInput[] } | { error: string } {
  switch (command.do) {
    case "status":
      return { inputs: [] };
    case "plug": {
      if (point.car !== null) return { error: "a car is plugged in already: unplug it first" };
      const maxW = command.car?.maxW ?? point.pointW;
      const needWh = command.car?.needWh ?? needWhFor(Math.min(maxW, point.pointW), usualSessionS);
      return { inputs: [{ is: "arrive", car: { needWh, maxW } }] };
    }
    case "unplug":
      return point.car === null
        ? { error: "no car is plugged in: plug one in first" }
        : { inputs: [{ is: "leave" }] };
    case "battery":
      if (point.car === null) return { error: "no car is plugged in: plug one in first" };
      return { inputs: [{ is: "battery", car: withBattery(point.car, command.needWh) }] };
    case "fault":
      return { inputs: [{ is: "fault", fault: command.kind === "none" ? null : command.kind }] };
    case "temperature":
      return { inputs: [{ is: "temperature", deciC: Math.round(command.celsius * 10) }] };
    case "mains":
      return { inputs: [{ is: "mains", on: command.on }] };
    case "cars":
      return { inputs: [{ is: "cars", mode: command.mode }] };
    case "glitch":
      return { inputs: [{ is: "glitch" }] };
    case "reset":
      return { inputs: [{ is: "reset" }] };
    case "mute":
      return { inputs: [{ is: "mute", ms: command.ms }] };
    case "corrupt":
      return { inputs: [{ is: "corrupt", frames: command.frames }] };
    case "button":
      return { inputs: [{ is: "button", long: command.long ?? false }] };
  }
}

export function statusOf(cp: string, point: Point): ChargerStatus {
  const { box, car } = point;
  return {
    cp,
    firmware: box.config.firmware.name,
    power: box.power,
    state: hex(box.evse, 2),
    relayClosed: relayClosed(box),
    plugged: car !== null,
    offer: offerOf(box),
    amps: box.amps,
    maxAmps: maxAmps(box),
    currentMa: box.meter.currentMa,
    sessionWs: box.meter.sessionWs,
    totalWh: box.eeprom.totalWh,
    ctRatio: point.ctRatio,
    powerW: Math.round(((car?.drawMa ?? 0) * mainsV * point.ctRatio) / 1000),
    trueRegisterWs: trueRegisterWs(point),
    meteredRegisterWs: meteredRegisterWs(point),
    intervals: point.intervals,
    car:
      car === null
        ? null
        : {
            needWh: car.needWh,
            missingWh: isFull(car) ? 0 : Math.ceil(car.missingMicroWs / 3600e6),
            maxW: car.maxW,
            asks: car.ready,
          },
    cars: point.cars.mode,
    fault: box.fault ?? "none",
    celsius: box.temperatureDeciC / 10,
    mono: point.nowMs,
  };
}
