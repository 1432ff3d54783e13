// The same box and car without terminal, socket or clock: a byte duplex in memory whose time the caller moves. For
// fleets of thousands in one process and for tests under virtual time.
import { type ControlAnswer, type ControlCommand, readCommand } from "./control.messages.ts";
import { inputsFor, statusOf } from "./point.control.ts";
import {
  advancePoint,
  newPoint,
  type Point,
  type PointInput,
  type PointOptions,
  pointNextAt,
} from "./point.rules.ts";
import { restoredPoint, type SavedPoint, savedOf } from "./point.saved.ts";

export interface MemoryChargerOptions extends PointOptions {
  cp: string;
  nowMs: number;
  /** As `saved()` gave it: the process of the simulation died, the world went on. */
  saved?: SavedPoint;
}

export interface MemoryCharger {
  line: {
    write(bytes: Uint8Array): void;
    /** Bytes come from within `advance`, `write` and `do`, never later. One listener. */
    onData(listener: (bytes: Uint8Array) => void): void;
  };
  do(command: ControlCommand): ControlAnswer;
  /** Moves time; the box says what falls due. Earlier times are ignored. */
  advance(toMs: number): void;
  /** When to call `advance` at the latest; null: only when something happens. */
  nextAt(): number | null;
  saved(): SavedPoint;
  /** As it is now, for whoever keeps books beside it. */
  point(): Readonly<Point>;
}

/** Opens a charger and switches its mains on. */
export function openMemoryCharger(options: MemoryChargerOptions): MemoryCharger {
  const { saved, nowMs } = options;
  let point: Point = saved === undefined ? newPoint(options, nowMs) : restoredPoint(options, saved, nowMs);
  let listener: ((bytes: Uint8Array) => void) | null = null;
  const go = (toMs: number, inputs: readonly PointInput[]) => {
    const moved = advancePoint(point, Math.max(toMs, point.nowMs), inputs);
    point = moved.point;
    if (moved.bytes !== "") listener?.(Buffer.from(moved.bytes, "latin1"));
  };
  go(nowMs, [{ is: "mains", on: true }]);
  return {
    line: {
      write: (bytes) => go(point.nowMs, [{ is: "bytes", bytes: Buffer.from(bytes).toString("latin1") }]),
      onData: (next) => {
        listener = next;
      },
    },
    do: (command) => {
      const read = readCommand(JSON.stringify(command));
      const wanted = "error" in read ? read : inputsFor(point, read.command);
      if ("error" in wanted) return { ok: false, error: wanted.error };
      go(point.nowMs, wanted.inputs);
      return { ok: true, status: statusOf(options.cp, point) };
    },
    advance: (toMs) => go(toMs, []),
    nextAt: () => pointNextAt(point),
    saved: () => savedOf(point),
    point: () => point,
  };
}
