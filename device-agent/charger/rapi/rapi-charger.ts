// A charger that speaks RAPI, behind the engine's port: the shell that gives the driver's rules bytes and time.
import type { Log } from "../../../wire/process/log.ts";
import type { Charger, ChargerEvent } from "../port.ts";
import { step, wakeMono } from "./driver.rules.ts";
import { type DriverEffect, type DriverInput, initialState } from "./driver-state.ts";
import { emptyFramer, takeBytes } from "./frames.ts";
import { type Line, type LineEvents, type OpenLine, serialLine } from "./line.ts";

export interface RapiChargerOptions {
  /** The serial device, or a link to it. */
  path: string;
  /** Current-transformer ratio, whole, ≥ 1. */
  ctRatio: number;
  /** Milliseconds of the monotonic clock that permits are stamped with. */
  monoMs: () => number;
  log: Log;
  /** Another line than the serial port at `path`. */
  openLine?: OpenLine;
  /** Without an understood answer for this long the charger is unreachable; 4 s unless told. */
  silenceLimitMs?: number;
}

type Untimed = DriverInput extends infer I ? (I extends { mono: number } ? Omit<I, "mono"> : never) : never;

/** Does nothing until `start`. */
export function openRapiCharger(options: RapiChargerOptions): Charger {
  const { log, monoMs } = options;
  const openLine = options.openLine ?? serialLine(options.path);
  let state = initialState(
    { ctRatio: options.ctRatio, silenceLimitMs: options.silenceLimitMs ?? 4_000 },
    monoMs(),
  );
  let listener: ((event: ChargerEvent) => void) | null = null;
  let line: Line | null = null;
  /** Counts the lines opened so far; resolves when those before are free. */
  let lines = 0;
  let freed: Promise<unknown> = Promise.resolve();
  let closing: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  const queue: Untimed[] = [];
  let working = false;

  /** Inputs that arise while one is worked on wait for their turn; all of them within this call. */
  function put(input: Untimed): void {
    if (closing) return;
    queue.push(input);
    if (working || !listener) return;
    working = true;
    try {
      for (let next = queue.shift(); next && !closing; next = queue.shift()) work(next);
    } finally {
      working = false;
    }
    clearTimeout(timer);
    if (!closing) timer = setTimeout(() => put({ is: "tick" }), Math.max(0, wakeMono(state) - monoMs()));
  }

  function work(input: Untimed): void {
    const next = step(state, { ...input, mono: monoMs() });
    state = next.state;
    for (const effect of next.effects) perform(effect);
  }

  function perform(effect: DriverEffect): void {
    switch (effect.do) {
      case "send":
        line?.write(Buffer.from(effect.text, "latin1"));
        return;
      case "emit":
        listener?.(effect.event);
        return;
      case "note":
        log.warn(`charger: ${effect.text}`);
        return;
      case "reopen":
        return reopen();
    }
  }

  function reopen(): void {
    lines += 1;
    const mine = lines;
    freed = Promise.all([freed, line?.close()]);
    line = null;
    const open = () => {
      if (!closing && mine === lines) line = openLine(eventsOf(mine));
    };
    freed.then(open, open);
  }

  /** Events of a line that was given up in the meantime are nobody's. */
  function eventsOf(mine: number): LineEvents {
    let framer = emptyFramer;
    return {
      opened() {
        if (mine === lines) put({ is: "opened" });
      },
      bytes(chunk) {
        const taken = takeBytes(framer, chunk);
        framer = taken.framer;
        for (const frame of taken.frames) if (mine === lines) put({ is: "frame", frame });
        if (taken.damaged === 0 || mine !== lines) return;
        log.debug(`charger: ${taken.damaged} damaged frames`);
        put({ is: "damaged" });
      },
      closed(reason) {
        if (mine === lines) put({ is: "closed", reason });
      },
    };
  }

  return {
    start(onEvent) {
      if (listener) throw new Error("this charger was started before");
      listener = onEvent;
      setImmediate(() => put({ is: "tick" }));
    },
    want: (supply) => put({ is: "want", supply }),
    readNow: () => put({ is: "read-now" }),
    close() {
      clearTimeout(timer);
      closing ??= Promise.all([freed, line?.close()]).then(() => undefined);
      line = null;
      return closing;
    },
  };
}
