// Which stamp of an engine becomes the echo of commands: the device measures a command's life from it.
import { describe, expect, test } from "vitest";
import { factsAfter } from "../../../central-fn/rules/engine-facts.ts";
import type { CpRow } from "../../../central-fn/tables/rows.ts";
import { isExpired } from "../../../device-agent/engine/command.rules.ts";
import type { Envelope, Stamp } from "../../../wire/messages/index.ts";
import { boot, newSid, Story, startMs } from "../on-event/story.ts";

const monoAt = (atMs: number) => atMs - startMs + 1_000_000;
const stampAt = (atMs: number, more: Partial<Stamp> = {}): Stamp => ({
  boot,
  mono: monoAt(atMs),
  wall: atMs,
  synced: true,
  ...more,
});
const minute = 60_000;

test("an event that waited 5 min for a dead bridge does not make the next start void on arrival", () => {
  const story = new Story().ready();
  story.nowMs += minute;
  const at = stampAt(story.nowMs);
  story.nowMs += 5 * minute;
  story.connector({ plugged: false }, { at });
  story.nowMs += 1_000;
  story.canary();
  story.status("OK");
  story.commands();
  story.request(newSid());
  const [command] = story.commands();
  if (command?.op !== "start-supply") throw new Error("the start was not granted");
  expect(isExpired(command, boot, monoAt(story.nowMs + 29_000))).toBe(false);
  expect(isExpired(command, boot, monoAt(story.nowMs + 31_000)), "and lives no longer for it").toBe(true);
});

/** How old the known stamp is at `nowMs`, as Central counts and as it truly is on the device's clock. */
function heard(stamps: { at: Stamp; ingestMs: number; epoch?: number }[]) {
  let row: Pick<CpRow, "engine" | "marks"> = { engine: null, marks: [] };
  stamps.forEach(({ at, ingestMs, epoch = 1 }, i) => {
    const event = { journal: "j", epoch, seq: i + 1, at } as Envelope;
    row = { ...row, engine: factsAfter(row, event, ingestMs, null, null) };
  });
  return row.engine;
}

describe("the stamp that is kept", () => {
  const first = { at: stampAt(startMs), ingestMs: startMs };
  const soon = startMs + minute;

  test("is the newest that came at once", () => {
    expect(heard([first, { at: stampAt(soon), ingestMs: soon + 400 }])?.stamp.mono).toBe(monoAt(soon));
  });

  test("is the older one while what comes has waited, over a restart of the engine too, and then the newest again", () => {
    const late = { at: stampAt(soon), ingestMs: soon + 5 * minute };
    expect(heard([first, late])).toMatchObject({ stamp: first.at, stampIngestMs: startMs });
    expect(heard([first, { ...late, epoch: 2 }])).toMatchObject({ stamp: first.at, epoch: 2 });
    const prompt = { at: stampAt(soon + 6 * minute), ingestMs: soon + 6 * minute };
    expect(heard([first, late, prompt])?.stamp).toEqual(prompt.at);
  });

  test("is the newest after the device's machine was suspended: its monotonic clock stood still for good", () => {
    const woken = { at: stampAt(soon, { wall: soon + 60 * minute }), ingestMs: soon + 60 * minute };
    expect(heard([first, woken])?.stamp).toEqual(woken.at);
  });

  test("is the newest where the device's wall clock is wrong or not set, or another boot counts", () => {
    const ingestMs = soon + 5 * minute;
    const behind = { at: stampAt(ingestMs, { wall: soon }), ingestMs };
    expect(heard([first, behind])?.stamp).toEqual(behind.at);
    const unset = { at: stampAt(soon, { synced: false }), ingestMs };
    expect(heard([first, unset])?.stamp).toEqual(unset.at);
    const rebooted = { at: stampAt(soon, { boot: "boot-2", mono: 7 }), ingestMs, epoch: 2 };
    expect(heard([first, rebooted])?.stamp).toEqual(rebooted.at);
  });
});
