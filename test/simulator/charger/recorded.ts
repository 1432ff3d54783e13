// Replays a recording's hardware events and host lines through the simulated point under virtual time.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FirmwareName } from "../../../simulator/charger/firmware.ts";
import {
  advancePoint,
  newPoint,
  type Point,
  type PointInput,
  pointNextAt,
} from "../../../simulator/charger/point.rules.ts";

export interface RecordedLine {
  ms: number;
  dir: "host" | "charger" | "event";
  text: string;
}

/** A line of the charger without CR and leading LF. */
export interface Said {
  ms: number;
  text: string;
}

export function recording(name: string): RecordedLine[] {
  const path = join(import.meta.dirname, "recordings", `${name}.jsonl`);
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as RecordedLine);
}

export function saidIn(lines: readonly RecordedLine[]): Said[] {
  return lines
    .filter((line) => line.dir === "charger")
    .map(({ ms, text }) => ({ ms, text: text.replace(/^\n+|\r$/g, "") }));
}

/** A point that has been running for a while, as at the start of each recording. */
export function runningPoint(firmware: FirmwareName): Point {
  const eeprom = firmware === "5.0.1" || firmware === "7.1.3" ? 32 : firmware === "8.2.3" ? 24 : 16;
  const mcuId =
    firmware === "D8.1.1" ? "JS\u00e1\t\u0017\u00bcS\u00e2\\k" : "JR\u00e1\t\u0017\u00bcR\u00e2\\k";
  const point = newPoint({ firmware, ctRatio: 1, maxAmps: eeprom, cars: "none", seed: 7, mcuId }, -10_000);
  const on = advancePoint(point, -10_000, [{ is: "mains", on: true }]);
  return advancePoint(on.point, 0).point;
}

/** The car of the recordings: 16 A, never full. */
const recordedCar: PointInput = {
  is: "arrive",
  car: { needWh: 100_000, maxW: 16 * 240, readyMs: 545, stopMs: 150, followMs: 100 },
};

export function inputsOf(line: RecordedLine): PointInput[] {
  if (line.dir === "host") return [{ is: "bytes", bytes: line.text }];
  if (line.dir === "charger") return [];
  switch (line.text) {
    case "plug":
      return [recordedCar];
    case "unplug":
      return [{ is: "leave" }];
    case "powercycle":
      return [
        { is: "mains", on: false },
        { is: "mains", on: true },
      ];
    case "gfi":
      return [{ is: "fault", fault: "gfci" }];
    case "gfi clear":
      return [{ is: "fault", fault: null }];
    case "amps 16":
      return [];
    default:
      throw new Error(`unknown event in a recording: ${line.text}`);
  }
}

/** Moves a point through time and writes down what it says, when. */
export class Listener {
  point: Point;
  said: Said[] = [];
  #rest = "";

  constructor(point: Point) {
    this.point = point;
  }

  until(toMs: number, inputs: readonly PointInput[] = []): this {
    for (let at = pointNextAt(this.point); at !== null && at < toMs; at = pointNextAt(this.point))
      this.#go(at, []);
    this.#go(toMs, inputs);
    return this;
  }

  /** Sends one line (checksum not needed) and returns what came within the next 400 ms. */
  ask(line: string): string[] {
    const from = this.said.length;
    this.until(this.point.nowMs, [{ is: "bytes", bytes: `${line}\r` }]).until(this.point.nowMs + 400);
    return this.said.slice(from).map(({ text }) => text);
  }

  /** What has been said from `fromMs` on. */
  since(fromMs: number): string[] {
    return this.said.filter(({ ms }) => ms >= fromMs).map(({ text }) => text);
  }

  #go(atMs: number, inputs: readonly PointInput[]): void {
    const moved = advancePoint(this.point, atMs, inputs);
    this.point = moved.point;
    const lines = (this.#rest + moved.bytes).split("\r");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.said.push({ ms: this.point.nowMs, text: line.replace(/^\n+/, "") });
  }
}
