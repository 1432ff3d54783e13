// The driver's shell over an in-memory line.
import { describe, expect, test } from "vitest";
import type { LineEvents, OpenLine } from "../../../../device-agent/charger/rapi/line.ts";
import { openRapiCharger } from "../../../../device-agent/charger/rapi/rapi-charger.ts";
import { silentLog } from "../../../../wire/process/log.ts";
import { ends, has, lastReading, listening, monoMs } from "./listening.ts";
import { type SmallBox, smallBox } from "./small-box.ts";
import { frame } from "./virtual-line.ts";

/** Answers each command at once, in the same turn: the hardest case for a shell. */
function memoryLine(box: SmallBox): OpenLine & { opened: LineEvents[]; closed: number } {
  const open = Object.assign(
    (events: LineEvents) => {
      open.opened.push(events);
      queueMicrotask(() => events.opened());
      return {
        write(bytes: Uint8Array) {
          const parts = /^\$(.*) :(..)\^..\r$/.exec(Buffer.from(bytes).toString("latin1"));
          for (const { text } of box.hear(parts?.[1] ?? "", parts?.[2] ?? "", 0))
            events.bytes(Buffer.from(text, "latin1"));
        },
        async close() {
          open.closed += 1;
        },
      };
    },
    { opened: [] as LineEvents[], closed: 0 },
  );
  return open;
}

describe("over an in-memory line", () => {
  const over = (openLine: OpenLine, silenceLimitMs = 4_000) =>
    openRapiCharger({ path: "none", ctRatio: 1, monoMs, log: silentLog, openLine, silenceLimitMs });

  test("no event comes before start has returned, and wishes made in an event are followed", async () => {
    const box = smallBox();
    const charger = over(memoryLine(box));
    let started = false;
    const done = new Promise<void>((resolve) => {
      charger.start((event) => {
        expect(started).toBe(true);
        if (event.is === "identity") charger.want({ on: true, amps: 10, permit: "p", notAfterMono: null });
        if (event.is === "reading" && event.reading.state === "no-vehicle" && box.amps === 10) resolve();
      });
    });
    ends.push(() => charger.close());
    started = true;
    await done;
    expect(box.state).toBe(0x01);
  });

  test("a wish made before start holds from the first moment", async () => {
    const box = smallBox();
    const charger = over(memoryLine(box));
    charger.want({ on: false });
    const { until } = listening(charger);
    await until("asleep", (events) => lastReading(events)?.state === "sleeping");
  });

  test("after close nothing is told, whatever the line still says", async () => {
    const line = memoryLine(smallBox());
    const charger = over(line);
    const { until, events } = listening(charger);
    await until("a reading", has("reading"));
    await charger.close();
    const told = events.length;
    line.opened[0]?.bytes(Buffer.from(frame("$AB 00 8.2.3")));
    line.opened[0]?.closed("gone");
    charger.want({ on: false });
    expect(events).toHaveLength(told);
    expect(line.closed).toBe(1);
  });

  test("a line given up says nothing any more", async () => {
    const box = smallBox();
    const line = memoryLine(box);
    const charger = over(line, 200);
    const { until, events } = listening(charger);
    await until("a reading", has("reading"));
    box.dead = true;
    await until("unreachable", has("unreachable"));
    box.dead = false;
    await until("identified again", (all) => all.filter(({ is }) => is === "identity").length === 2);
    line.opened[0]?.bytes(Buffer.from(frame("$AB 00 8.2.3")));
    expect(events.some(({ is }) => is === "booted")).toBe(false);
  });
});
