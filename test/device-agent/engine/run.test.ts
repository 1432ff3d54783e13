// The engine's loop where the world fails it: a disk that breaks or is full, and bytes that are no messages.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Charger, ChargerEvent, ChargerReading } from "../../../device-agent/charger/port.ts";
import { type Engine, runEngine } from "../../../device-agent/engine/run.ts";
import type { Journal } from "../../../device-agent/journal/port.ts";
import { JournalBroken } from "../../../device-agent/journal/port.ts";
import { openJournalFile } from "../../../device-agent/journal/sqlite-journal.ts";
import type { Log } from "../../../wire/process/log.ts";
import { config, cp, sidOf, start, stop } from "../../support/engine-story.ts";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ev-engine-"));
  path = join(folder, "journal.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** An engine on a real journal, its charger and clock in the test's hand. */
function engineOn(journal: Journal) {
  const did: string[] = [];
  const lines: string[] = [];
  let mono = 1_000;
  let tell: (event: ChargerEvent) => void = () => {};
  const charger: Charger = {
    start: (listener) => {
      tell = listener;
    },
    want: (supply) => did.push(supply.on ? "on" : "off"),
    readNow() {},
    close: async () => {},
  };
  const say = (line: string) => lines.push(line);
  const log: Log = { debug() {}, info: say, warn: say, error: say };
  const engine: Engine = runEngine({
    config,
    journal,
    charger,
    clock: {
      monoMs: () => mono,
      wallMs: () => mono,
      stamp: () => ({ boot: "boot-1", mono, wall: mono, synced: true }),
    },
    timers: { after: () => () => {}, every: () => () => {} },
    random: () => 0.5,
    log,
    publish: (payload) => did.push(`publish ${JSON.parse(payload).type}`),
    onExit: () => did.push("exit"),
  });
  const give = (message: object) => engine.onCommandBytes(Buffer.from(JSON.stringify(message)));
  const reads = (reading: Partial<ChargerReading>) => {
    mono += 1_000;
    const whole = {
      mono,
      relayClosed: false,
      plugged: true,
      carReady: true,
      state: reading.relayClosed ? ("charging" as const) : ("sleeping" as const),
      fault: null,
      sessionWs: 0,
      lifetimeWh: 0,
      powerW: 0,
    };
    tell({ is: "reading", reading: { ...whole, ...reading } });
  };
  return {
    engine,
    did,
    lines,
    give,
    reads,
    ready() {
      engine.linkUp(true);
      tell({ is: "identity", firmware: "8.2.3", serial: "ABC", maxAmps: 80 });
      reads({ plugged: false });
      give({ kind: "welcome", v: 1, cp, journal: journal.id, epoch: journal.epoch, fenceFloor: 0 });
      did.length = 0;
    },
  };
}

describe("a disk that breaks", () => {
  const breaking = () => {
    const journal = openJournalFile(path).journalOf(cp);
    const commit = journal.commit.bind(journal);
    let broken = false;
    journal.commit = (...args) => {
      if (broken) throw new JournalBroken("disk I/O error");
      commit(...args);
    };
    return {
      journal,
      breaks: () => {
        broken = true;
      },
    };
  };

  test("under a start: no relay, no answer, and the error ends the process", () => {
    const { journal, breaks } = breaking();
    const { ready, give, did } = engineOn(journal);
    ready();
    breaks();
    expect(() => give(start(1))).toThrow(JournalBroken);
    expect(did).toEqual([]);
    journal.close();
  });

  test("under a stop: the power has fallen, nothing is told, and nothing more is done", () => {
    const { journal, breaks } = breaking();
    const { ready, give, reads, did, engine } = engineOn(journal);
    ready();
    give(start(1));
    reads({ relayClosed: true });
    did.length = 0;
    breaks();
    expect(() => give(stop(1))).toThrow(JournalBroken);
    expect(did).toEqual(["off"]);
    expect(engine.state.durable.session?.phase, "what is not durable has not happened").toBe("charging");
    reads({});
    give(start(2));
    expect(did, "a broken engine waits for its end").toEqual(["off"]);
    journal.close();
  });

  test("ends the process with an exit code, and the next start replays from what was durable", async () => {
    const first = await life({ FAIL_ON: "stop-supply" });
    expect(first.code).toBe(70);
    expect(first.lines.filter((line) => /^(wish|published (?!meter))/.test(line))).toEqual([
      "wish off",
      "published connector 1",
      "published hello 1",
      "wish on",
      "published answer 1 start-supply",
      "published session.started 1",
      "wish off",
    ]);
    expect(first.lines.join("\n")).toContain("disk I/O error");
    const second = await life({});
    expect(second.lines).toContain("published session.ended 2 Other 10");
    expect(second.code).toBe(0);
  });
});

/** One life of an engine process on this test's journal: its exit code and what it said. */
async function life(env: Record<string, string>): Promise<{ code: number | null; lines: string[] }> {
  const script = join(import.meta.dirname, "engine-on-disk.ts");
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script], {
    env: { ...process.env, JOURNAL_PATH: path, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.on("data", (text) => {
    out += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, lines: out.trim().split("\n") };
}

describe("a disk that is full", () => {
  const bounded = 160_000;

  test("refuses a start, thins meter messages, and still takes the running session's end", () => {
    const journal = openJournalFile(path, bounded).journalOf(cp);
    let free = 1e9;
    journal.freeBytes = () => free;
    const { ready, give, reads, lines, engine } = engineOn(journal);
    ready();
    give(start(1));
    reads({ relayClosed: true });
    const filler = {
      type: "meter",
      at: { boot: "b", mono: 1, wall: 1, synced: true },
      body: { x: "y".repeat(400) },
    };
    expect(() => {
      for (;;) journal.commit(undefined, [filler], false);
    }).toThrow("no room");
    free = 10;
    let ws = 0;
    for (let second = 0; second < 400; second++) {
      ws += 20;
      reads({ relayClosed: true, sessionWs: ws });
    }
    expect(lines.filter((line) => line.includes("meter messages thinned away")).length).toBeGreaterThan(4);
    expect(journal.unacknowledged("bulk", null, 1_000).every(({ payload }) => payload.includes("yyy"))).toBe(
      true,
    );
    give(start(2));
    expect(engine.state.durable.answers.at(-1)).toMatchObject({ cmdId: "start-2", result: "busy" });
    give(stop(1));
    for (let n = 0; n < 2; n++) reads({ sessionWs: ws });
    reads({ plugged: false, sessionWs: ws });
    give(start(3));
    expect(engine.state.durable.answers.at(-1)).toMatchObject({ result: "refused", reason: "disk full" });
    const told = journal.unacknowledged("urgent", null, 100).map(({ payload }) => JSON.parse(payload));
    expect(told.find(({ type }) => type === "session.ended")?.body).toMatchObject({
      sid: sidOf(1),
      registerEndWh: 2,
    });
    expect(() => give({ kind: "processed", v: 1, cp, journal: journal.id, epoch: 1, seq: 3 })).not.toThrow();
    journal.close();
  });
});

describe("a dead letter that is resolved", () => {
  test("is no longer owed: replayed it counts as told, dismissed it is gone; another journal's word is nothing", () => {
    const journal = openJournalFile(path).journalOf(cp);
    const { engine, ready, give } = engineOn(journal);
    ready();
    const [event] = journal.unacknowledged("urgent", null, 1);
    if (!event) throw new Error("nothing to tell");
    const { epoch, seq } = event;
    const nack = {
      kind: "nack",
      src: "engine",
      journal: journal.id,
      epoch,
      seq,
      deadLetter: "x/1",
      reason: "r",
    };
    engine.onAckBytes(Buffer.from(JSON.stringify(nack)));
    const word = { kind: "unpark", v: 1, cp, epoch, seq, how: "dismissed" };
    give({ ...word, journal: "00000000-0000" });
    expect(journal.oldestPending()).toEqual({ epoch, seq });
    give({ ...word, journal: journal.id });
    expect(journal.oldestPending()).not.toEqual({ epoch, seq });
    journal.close();
  });
});
