// A cloned disk: two devices under one journal and epoch. The second is never believed, and nothing begins until an
// operator has seen to it.
import { describe, expect, it } from "vitest";
import { forgetBefore, see, signOfClone } from "../../../central-fn/rules/marks.ts";
import type { DeadLetterRow } from "../../../central-fn/tables/rows.ts";
import { bob, connectorBody, cp, engineJournal, newSid, Story } from "./story.ts";

const otherBoot = (story: Story) => ({
  at: { boot: "boot-2", mono: 77, wall: story.nowMs, synced: true },
});

const deadLetters = (story: Story) =>
  story.table.queryNow<DeadLetterRow>("dead-letters").map(({ value }) => value);

describe("the same journal and epoch from another boot", () => {
  it("is known by the first event's boot, whatever its number", () => {
    const seen = see([], { journal: engineJournal, epoch: 1, seq: 1, prev: 0, boot: "boot-1" });
    const marks = seen.is === "new" ? seen.marks : [];
    const from = (epoch: number, boot: string, seq = 2) =>
      signOfClone(marks, { journal: engineJournal, epoch, seq, boot });
    expect(from(1, "boot-1")).toBe(undefined);
    expect(from(1, "boot-2")?.boot).toBe("boot-1");
    expect(from(2, "boot-2")).toBe(undefined);
  });

  it("is not billed: a dead letter, one alert, and no new session", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.logs.length = 0;
    story.say(
      "session.ended",
      {
        ...grant,
        registerStartWh: 1_000,
        registerEndWh: 13_345,
        startedAt: null,
        endedAt: otherBoot(story).at,
        durationMs: null,
        reason: "Local",
        plugged: false,
      },
      otherBoot(story),
    );
    expect(story.cdrs()).toEqual([]);
    expect(story.session(grant.sid)?.rank).toBe("INTENT");
    expect(deadLetters(story)).toMatchObject([
      { reason: expect.stringContaining("same journal and epoch from another boot: cloned device?") },
    ]);
    expect(story.logs[0]).toMatch(/^ALERT: CP CP-001 needs attention/);
    expect(story.logs[1]).toMatch(/^ALERT: a session event is a dead letter/);
    story.logs.length = 0;
    story.connector({}, otherBoot(story));
    expect(story.logs).toHaveLength(1);
    expect(deadLetters(story)).toHaveLength(2);

    story.ended(grant);
    expect(story.cdr(grant.sid)?.energyWh).toBe(12_345);
    const sid = newSid();
    story.request(sid, { driver: bob });
    expect(story.session(sid, bob)).toMatchObject({
      rank: "REJECTED",
      reason: "the charging point needs attention",
    });
  });

  it("is not taken for a repetition although the number was seen", () => {
    const story = new Story().ready();
    story.connector({ plugged: true }, { ...otherBoot(story), seq: 1 });
    expect(deadLetters(story)).toHaveLength(1);
    expect(story.cpRow()).toMatchObject({
      quarantine: { journal: engineJournal, epoch: 1, boot: "boot-1", otherBoot: "boot-2" },
      engine: { plugged: false },
    });
  });

  it("is buried again, and no more, when its record is read again after a crash", () => {
    const story = new Story().ready();
    const record = story.event("connector", connectorBody, otherBoot(story));
    let commits = 0;
    story.table.beforeCommit = () => {
      commits += 1;
      if (commits === 2) throw new Error("killed");
    };
    expect(() => story.take(record)).toThrow("killed");
    expect(deadLetters(story)).toEqual([]);
    story.table.beforeCommit = undefined;
    story.take(record);
    story.take(record);
    expect(deadLetters(story)).toHaveLength(1);
  });

  it("says nothing against a reboot, which begins a new epoch", () => {
    const story = new Story().ready();
    story.hello({ ...otherBoot(story), epoch: 2 });
    story.request(newSid());
    expect(story.cpRow()).toMatchObject({ claim: { state: "claimed" }, engine: { epoch: 2 } });
    expect(story.cpRow().quarantine ?? null).toBe(null);
    expect(deadLetters(story)).toEqual([]);
  });
});

describe("an epoch that goes on after a later one ended it", () => {
  const next = { epoch: 2, seq: 1, prev: 0, boot: "boot-2" };

  it("is the original of a copied disk: what was processed before is a repetition, what comes after is not", () => {
    let marks = see([], { journal: engineJournal, epoch: 1, seq: 1, prev: 0, boot: "boot-1" });
    if (marks.is === "new") marks = see(marks.marks, { journal: engineJournal, ...next });
    if (marks.is !== "new") throw new Error("an event was not seen");
    const done = forgetBefore(marks.marks, engineJournal, { epoch: 2, seq: 1 });
    const old = { journal: engineJournal, epoch: 1, boot: "boot-1" };
    expect(signOfClone(done, { ...old, seq: 1 })).toBe(undefined);
    expect(signOfClone(done, { ...old, seq: 2 })).toMatchObject({ boot: "boot-2" });
    const later = forgetBefore(done, engineJournal, { epoch: 2, seq: 2 });
    expect(signOfClone(later, { ...old, seq: 2 })).toMatchObject({ boot: "boot-2" });
  });

  it("calls an operator; its end still bills, its other words are dead letters", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.started(grant);
    // The copy greets from a later epoch, whose disk has nothing to tell of the first.
    story.hello({ ...otherBoot(story), epoch: 2 }, { oldestPending: { epoch: 2, seq: 1 } });
    story.logs.length = 0;
    story.connector({ plugged: true });
    expect(story.logs[0]).toMatch(
      /^ALERT: CP CP-001 needs attention: epoch 1 goes on although epoch 2 ended it/,
    );
    expect(deadLetters(story)).toHaveLength(1);
    expect(story.cpRow()).toMatchObject({ quarantine: { epoch: 1, boot: "boot-2", otherBoot: "boot-1" } });
    story.ended(grant);
    expect(story.cdr(grant.sid)?.energyWh).toBe(12_345);
    expect(story.cpRow().claim).toBe(null);
    expect(deadLetters(story)).toHaveLength(1);
  });
});

describe("an operator who switched one of them off", () => {
  const cloned = () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.started(grant);
    story.connector({}, otherBoot(story));
    // The engine of the device that stays is started again.
    story.hello({ ...otherBoot(story), epoch: 2 });
    story.commands();
    return { story, grant };
  };

  it("resumes the charge point: what ran meanwhile goes to a review and is stopped, new sessions begin again", () => {
    const { story, grant } = cloned();
    story.operatorSays("resume-cp");
    expect(story.cpRow().quarantine).toBe(null);
    expect(story.session(grant.sid)?.rank).toBe("NEEDS_REVIEW");
    expect(story.review(grant.sid)).toMatchObject({ cause: "cloned device", settled: null });
    expect(story.inbox().at(-1)).toBe("review");
    const stop = story.commands().find((command) => command.op === "stop-supply");
    expect(stop).toMatchObject({ sid: grant.sid });
    for (const found of ["session", "ended"]) {
      story.say(
        "answer",
        { cmdId: stop?.cmdId, op: "stop-supply", sid: grant.sid, fence: 1, result: "applied", found },
        { ...otherBoot(story), epoch: 2 },
      );
      expect(story.cpRow().claim === null).toBe(found === "ended");
      if (found === "session") story.operatorSays("stop-session", { sid: grant.sid, driver: bob });
    }
    // Which monitor is the living one's is known by its next report.
    story.status("OK");
    story.request(newSid(), { driver: bob });
    expect(story.cpRow().claim).toMatchObject({ driver: bob, state: "claimed" });
  });

  it("does not lose a bill: an end of the device that is left still comes, and settles the review", () => {
    const { story, grant } = cloned();
    story.operatorSays("resume-cp");
    story.say(
      "session.ended",
      {
        ...grant,
        registerStartWh: 1_000,
        registerEndWh: 2_000,
        startedAt: null,
        endedAt: otherBoot(story).at,
        durationMs: null,
        reason: "Reboot",
        plugged: false,
      },
      { ...otherBoot(story), epoch: 2 },
    );
    expect(story.cdr(grant.sid)).toMatchObject({ energyWh: 1_000 });
    expect(story.review(grant.sid)?.settled).toMatchObject({ decision: "ended-late", by: cp });
    expect(story.cpRow().claim).toBe(null);
  });

  it("hears of it again when the other one is started again after all", () => {
    const { story } = cloned();
    story.operatorSays("resume-cp");
    story.hello({ epoch: 2 });
    expect(story.cpRow().quarantine).toMatchObject({ epoch: 2, boot: "boot-2", otherBoot: "boot-1" });
  });
});
