// The driver with real bytes over real pseudo-terminals.
import { mkdtemp, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type OpenLine, serialLine } from "../../../../device-agent/charger/rapi/line.ts";
import { openRapiCharger } from "../../../../device-agent/charger/rapi/rapi-charger.ts";
import { silentLog } from "../../../../wire/process/log.ts";
import { ends, has, lastReading, listening, monoMs } from "./listening.ts";
import { openPseudoTerminal, type PseudoTerminal } from "./pseudo-terminal.ts";
import { close, type SmallBox, smallBox } from "./small-box.ts";
import { frame } from "./virtual-line.ts";

describe("over a pseudo-terminal", () => {
  /** A far end that speaks for the box, 10 ms late. */
  async function farEnd(box: SmallBox): Promise<PseudoTerminal> {
    const terminal = await openPseudoTerminal();
    ends.push(() => terminal.kill());
    let partial = "";
    terminal.onText((text) => {
      partial += text;
      for (let end = partial.indexOf("\r"); end >= 0; end = partial.indexOf("\r")) {
        const parts = /\$(.*) :(..)\^..$/.exec(partial.slice(0, end));
        partial = partial.slice(end + 1);
        for (const { text: said } of box.hear(parts?.[1] ?? "", parts?.[2] ?? "", 0))
          setTimeout(() => terminal.write(said), 10);
      }
    });
    return terminal;
  }

  async function linkTo(terminal: PseudoTerminal): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "rapi-"));
    ends.push(() => rm(folder, { recursive: true }));
    const link = join(folder, "charger");
    await symlink(terminal.path, link);
    return link;
  }

  async function pointTo(link: string, terminal: PseudoTerminal): Promise<void> {
    await symlink(terminal.path, `${link}.new`);
    await rename(`${link}.new`, link);
  }

  test("a charge from enable to sleep, every byte of the serial number intact", async () => {
    const box = smallBox();
    const terminal = await farEnd(box);
    const charger = openRapiCharger({ path: terminal.path, ctRatio: 2, monoMs, log: silentLog });
    charger.want({ on: false });
    const { until, events } = listening(charger);
    await until("asleep", (all) => lastReading(all)?.state === "sleeping");
    expect(events[0]).toEqual({
      is: "identity",
      firmware: "8.2.3",
      serial: "4A52E10917BC52E25C6B",
      maxAmps: 24,
      ctRatio: 2,
    });
    charger.want({ on: true, amps: 16, permit: "p", notAfterMono: monoMs() + 5_000 });
    await until("enabled", () => box.state === 0x01);
    close(box, 10_000);
    terminal.write(`\n${frame("$AT 03 03 16 0340")}`);
    await until("charging", (all) => lastReading(all)?.powerW === 4_800, 1_000);
    charger.want({ on: false });
    await until("asleep again", (all) => lastReading(all)?.relayClosed === false);
    expect(box).toMatchObject({ state: 0xfe, amps: 16 });
  });

  test("a far end that dies silently is found again on another terminal behind the same link", async () => {
    const first = await farEnd(smallBox());
    const link = await linkTo(first);
    const charger = openRapiCharger({
      path: link,
      ctRatio: 1,
      monoMs,
      log: silentLog,
      silenceLimitMs: 1_000,
    });
    const { until, events } = listening(charger);
    await until("a reading", has("reading"));

    await first.kill();
    await until("unreachable", has("unreachable"), 3_000);
    const box = smallBox();
    box.firmware = "7.1.3 5.1.3";
    await pointTo(link, await farEnd(box));
    const back = monoMs();
    await until(
      "identified again",
      (all) => all.some((e) => e.is === "identity" && e.firmware === "7.1.3"),
      4_000,
    );
    expect(monoMs() - back).toBeLessThan(4_000);
    expect(events.filter(({ is }) => is === "unreachable")).toHaveLength(1);
  });

  test("a far end that freezes is unreachable, and an enable that it reads when it thaws is followed by sleep at once", async () => {
    const box = smallBox();
    const heard: string[] = [];
    box.first = (command) => {
      heard.push(command);
      return undefined;
    };
    const terminal = await farEnd(box);
    let written = "";
    const openLine: OpenLine = (events) => {
      const line = serialLine(terminal.path)(events);
      return {
        write(bytes) {
          written += Buffer.from(bytes).toString("latin1");
          // The enable is the first command that nobody reads.
          if (written.includes("$FE")) terminal.freeze();
          line.write(bytes);
        },
        close: () => line.close(),
      };
    };
    const charger = openRapiCharger({
      path: terminal.path,
      ctRatio: 1,
      monoMs,
      log: silentLog,
      openLine,
      silenceLimitMs: 1_000,
    });
    charger.want({ on: false });
    const { until } = listening(charger);
    await until("asleep", (all) => lastReading(all)?.state === "sleeping");

    charger.want({ on: true, amps: 16, permit: "p", notAfterMono: monoMs() + 500 });
    await until("unreachable", has("unreachable"), 4_000);
    expect(written).toContain("$FE");
    written = "";
    terminal.thaw();
    await until("back", (all) => all.filter(({ is }) => is === "identity").length === 2, 8_000);
    await until("told", has("permit-expired"));
    await until("asleep again", (all) => lastReading(all)?.mono !== undefined && box.state === 0xfe);
    // What lies in a terminal's buffer cannot be taken back; a contactor needs two seconds to close.
    const enabled = heard.lastIndexOf("FE");
    if (enabled >= 0) expect(heard.slice(enabled + 1, enabled + 4)).toContain("FS");
  });
});
