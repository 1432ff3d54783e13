import { describe, expect, it } from "vitest";
import type { ReviewRow } from "../../../central-fn/tables/rows.ts";
import { bob, connectorBody, cp, endedBody, newSid, Story } from "./story.ts";

const newJournal = { journal: "ffffffff-0002", epoch: 1 };

describe("hello", () => {
  it("is answered with the highest fence given out and every open command again", () => {
    const story = new Story().ready();
    const sid = newSid();
    story.request(sid);
    story.sends.length = 0;
    story.hello();
    expect(story.sends.map((send) => send.to === "cp" && send.message)).toMatchObject([
      { kind: "welcome", fenceFloor: 1, journal: "aaaaaaaa-0001", epoch: 1 },
      { kind: "command", op: "start-supply", sid },
      { kind: "processed" },
    ]);
  });

  it("that is repeated is welcomed again, and nothing else happens", () => {
    const story = new Story().ready();
    const record = story.hello();
    const dump = story.table.dump();
    story.sends.length = 0;
    story.take(record);
    expect(story.sends).toMatchObject([{ to: "cp", message: { kind: "welcome" } }]);
    expect(story.table.dump()).toEqual(dump);
  });

  it("lets the marks of older epochs be forgotten, and their events stay duplicates", () => {
    const story = new Story().ready();
    const grant = story.granted();
    const started = story.started(grant);
    story.hello({ epoch: 2 }, { oldestPending: { epoch: 2, seq: 1 } });
    expect(story.cpRow().marks).toMatchObject([{ epoch: 2, mark: 1, oldest: true }]);
    const dump = story.table.dump();
    story.take(started);
    expect(story.table.dump()).toEqual(dump);
  });

  it.each([
    ["session.ended", (story: Story, grant: object) => endedBody({ ...grant }, story.nowMs), "BILLED"],
    [
      "session.aborted",
      (_: Story, grant: object) => ({
        ...grant,
        registerWh: 1_000,
        reason: "engine-restart",
        plugged: false,
      }),
      "ABORTED",
    ],
    [
      "session.review",
      (_: Story, grant: object) => ({
        ...grant,
        registerStartWh: 1_000,
        registerEndWh: 2_000,
        cause: "register-went-back",
        plugged: false,
      }),
      "NEEDS_REVIEW",
    ],
  ])(
    "loses no %s of an epoch that was taken for done: session and claim are closed all the same",
    (type, body, rank) => {
      const story = new Story().ready();
      const grant = story.granted();
      const late = story.event(type, body(story, grant));
      story.hello({ epoch: 2 }, { oldestPending: { epoch: 2, seq: 1 } });
      story.take(late);
      expect(story.session(grant.sid)?.rank).toBe(rank);
      expect(story.cpRow()).toMatchObject({ claim: null, commands: [] });
      expect(story.driver()?.activeSid).toBe(null);
      const dump = story.table.dump();
      story.take(late);
      expect(story.table.dump()).toEqual(dump);
    },
  );

  it("keeps the echo of the newest epoch when an outbox repeats what is older", () => {
    const story = new Story().ready();
    const old = story.event("connector", connectorBody);
    story.nowMs += 5_000;
    const at = { boot: "boot-2", mono: 400, wall: story.nowMs, synced: true };
    story.hello({ epoch: 2, at }, { oldestPending: { epoch: 1, seq: 2 } });
    story.nowMs += 5_000;
    story.take(old);
    expect(story.cpRow().engine?.stamp).toMatchObject({ boot: "boot-2", mono: 400 });
  });

  it("without a reading of the charger yet says nothing about the connector", () => {
    const story = new Story().ready();
    story.connector({ plugged: true, relayClosed: true });
    story.hello({ epoch: 2 }, { connector: null });
    expect(story.cpRow().engine).toMatchObject({ epoch: 2, plugged: true, relayClosed: true });
    story.connector({ plugged: false }, { epoch: 2 });
    expect(story.cpRow().engine).toMatchObject({ plugged: false });
  });
});

describe("a journal that is new to Central", () => {
  const running = () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.started(grant);
    story.commands();
    return { story, grant, sid: grant.sid };
  };

  it("sends the open session to a review, stops it, and tells the driver", () => {
    const { story, sid } = running();
    story.hello(newJournal, { connector: { ...connectorBody, relayClosed: true, plugged: true } });
    expect(story.session(sid)).toMatchObject({ rank: "NEEDS_REVIEW", reason: "journal lost" });
    expect(story.review(sid)).toMatchObject({
      cause: "journal lost",
      registerStartWh: 1_000,
      registerEndWh: null,
    });
    expect(story.driver()?.activeSid).toBe(null);
    expect(story.inbox()).toEqual(["accepted", "started", "review"]);
    expect(story.commands()).toMatchObject([{ op: "stop-supply", sid }]);
    expect(story.cpRow().claim).toMatchObject({ sid, lostJournal: true });
  });

  it("is not given a start that the old one may have obeyed", () => {
    const story = new Story().ready();
    const sid = newSid();
    story.request(sid);
    story.commands();
    story.hello(newJournal, { connector: null });
    expect(story.commands().map((command) => command.op)).toEqual(["stop-supply"]);
    expect(story.cpRow().commands.map((command) => command.op)).toEqual(["stop-supply"]);
    expect(story.session(sid)?.rank).toBe("NEEDS_REVIEW");
  });

  it("holds the claim until the relay is seen open, then until the car has left", () => {
    const { story } = running();
    story.hello(newJournal, { connector: { ...connectorBody, relayClosed: true, plugged: true } });
    story.connector({ relayClosed: false, plugged: true }, newJournal);
    expect(story.cpRow().claim?.state).toBe("finishing");
    story.connector({ relayClosed: false, plugged: false }, newJournal);
    expect(story.cpRow().claim).toBe(null);
  });

  it("releases at once when its hello shows the relay open and no car", () => {
    const { story } = running();
    story.hello(newJournal);
    expect(story.cpRow().claim).toBe(null);
  });

  it("is not believed about the relay before its charger was read", () => {
    const { story, sid } = running();
    story.hello(newJournal, { connector: null });
    expect(story.cpRow().claim).toMatchObject({ lostJournal: true });
    story.say(
      "answer",
      { cmdId: `${sid}-lost`, op: "stop-supply", sid, fence: 1, result: "applied", found: "none" },
      newJournal,
    );
    expect(story.cpRow().claim).toMatchObject({ lostJournal: true });
    story.connector({}, newJournal);
    expect(story.cpRow().claim).toBe(null);
  });

  it("whose old end turns up after all is billed, and the review is settled by it", () => {
    const { story, grant, sid } = running();
    const late = story.event("session.ended", {
      ...grant,
      registerStartWh: 1_000,
      registerEndWh: 2_000,
      startedAt: null,
      endedAt: { boot: "boot-1", mono: 1, wall: story.nowMs, synced: true },
      durationMs: null,
      reason: "PowerLoss",
      plugged: false,
    });
    story.hello(newJournal);
    story.granted(newSid(), bob);
    story.take(late);
    expect(story.session(sid)).toMatchObject({ rank: "BILLED", costMinor: 30 });
    expect(story.review(sid)?.settled).toMatchObject({ decision: "ended-late", by: cp });
    expect(story.cpRow().claim?.driver).toBe(bob);
    expect(story.cpRow().engine?.journal).toBe(newJournal.journal);
  });
});

describe("reviews", () => {
  const reviewed = () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.started(grant);
    story.say("session.review", {
      ...grant,
      registerStartWh: 1_000,
      registerEndWh: 2_000,
      cause: "register-went-back",
      plugged: false,
    });
    return { story, grant, sid: grant.sid };
  };
  const settle = (story: Story, sid: string, decision: string) =>
    story.operatorSays("settle-review", { sid, driver: "driver-alice", decision, reason: "looked at it" });

  it("release the claim, free the driver, and bill nothing by themselves", () => {
    const { story, sid } = reviewed();
    expect(story.session(sid)).toMatchObject({ rank: "NEEDS_REVIEW", reason: "register-went-back" });
    expect(story.cpRow().claim).toBe(null);
    expect(story.driver()?.activeSid).toBe(null);
    expect(story.cdrs()).toEqual([]);
  });

  it("billed by an operator make one CDR, however often the request is read or repeated", () => {
    const { story, sid } = reviewed();
    const record = settle(story, sid, "bill");
    const dump = story.table.dump();
    story.take(record);
    expect(story.table.dump()).toEqual(dump);
    settle(story, sid, "waive");
    expect(story.cdrs()).toMatchObject([{ energyWh: 1_000, amountMinor: 30 }]);
    expect(story.session(sid)?.rank).toBe("BILLED");
    expect(story.review(sid)?.settled).toMatchObject({ decision: "bill", by: "op-1" });
    const audit = story.table.queryNow("audit#2026-05-01").map((row) => row.value);
    expect(audit).toMatchObject([
      { outcome: "done" },
      { outcome: "refused", reason: "already settled: bill" },
    ]);
  });

  it("waived stay unbilled for ever, whatever the device says later", () => {
    const { story, grant, sid } = reviewed();
    settle(story, sid, "waive");
    story.ended(grant);
    expect(story.cdrs()).toEqual([]);
    expect(story.session(sid)).toMatchObject({ rank: "NEEDS_REVIEW", waived: true });
    expect(story.inbox().at(-1)).toBe("waived");
  });

  it("of a journal that was lost cannot be billed without figures", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.hello(newJournal);
    settle(story, grant.sid, "bill");
    expect(story.review(grant.sid)?.settled).toBe(null);
    expect(story.cdrs()).toEqual([]);
  });

  it("an orphan interval is flagged and nobody is billed", () => {
    const story = new Story().ready();
    const record = story.say("orphan", { registerFromWh: 10, registerToWh: 25, cause: "relay closed" });
    story.take(record);
    const reviews = story.table.queryNow("reviews");
    expect(reviews).toMatchObject([{ value: { sid: null, registerStartWh: 10, registerEndWh: 25 } }]);
  });

  it("an orphan that comes after its hole was given up is a review all the same, and a settled one stays settled", () => {
    const story = new Story().ready();
    const late = story.event("orphan", { registerFromWh: 10, registerToWh: 25, cause: "relay closed" });
    for (let n = 0; n < 300; n++) story.connector();
    expect(story.logs.join()).toContain("gave up waiting");
    story.take(late);
    const [review] = story.table.queryNow<ReviewRow>("reviews");
    expect(review?.value).toMatchObject({ sid: null, registerEndWh: 25, settled: null });
    const settled = { ...review?.value, settled: { decision: "close" } };
    if (review) story.table.commitNow([{ do: "put", key: review, value: settled, expect: "any" }]);
    story.take(late);
    expect(story.table.queryNow<ReviewRow>("reviews")).toMatchObject([{ value: settled }]);
  });

  it("an orphan's review is closed once, with name and reason; a session's is not closed that way", () => {
    const { story, sid } = reviewed();
    story.say("orphan", { registerFromWh: 5, registerToWh: 9, cause: "current without a session" });
    const { id } = story.table
      .queryNow<{ id: string; sid: string | null }>("reviews")
      .map(({ value }) => value)
      .find((review) => review.sid === null) ?? { id: "" };
    const close = (review: string) => story.operatorSays("close-review", { review, reason: "stray current" });
    close(sid);
    close("orphan-nobody");
    close(id);
    close(id);
    expect(story.review(sid)?.settled).toBe(null);
    expect(story.review(id)?.settled).toMatchObject({
      decision: "waive",
      by: "op-1",
      reason: "stray current",
    });
    expect(story.cdrs()).toEqual([]);
    const audit = story.table.queryNow<{ reason: string | null }>("audit#2026-05-01");
    expect(new Set(audit.map(({ value }) => value.reason))).toEqual(
      new Set(["it is a session's: bill or waive it", "no such review", null, "already settled: waive"]),
    );
  });
});

describe("an operator", () => {
  it("retires a point: its session goes to a review at the last register, its claim ends but for the car", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.started(grant);
    story.say("meter", {
      sid: grant.sid,
      registerStartWh: 1_000,
      mono0: 1,
      wh0: 1_700,
      dMs: [0],
      dWh: [0],
      w: [7_000],
    });
    story.operatorSays("retire-cp", { reason: "burnt down" });
    expect(story.review(grant.sid)).toMatchObject({ registerStartWh: 1_000, registerEndWh: 1_700 });
    expect(story.session(grant.sid)?.rank).toBe("NEEDS_REVIEW");
    expect(story.cpRow()).toMatchObject({ retired: true, claim: { state: "finishing" }, commands: [] });
    expect(story.driver()?.activeSid).toBe(null);
  });

  it.each([
    ["while it charged", () => {}],
    [
      "when its session was over",
      (story: Story, grant: ReturnType<Story["granted"]>) => story.ended(grant, 13_345, { plugged: true }),
    ],
  ])(
    "reinstates a point retired %s, with a new disk: who comes next does not get the car that stands there",
    (_, then) => {
      const story = new Story().ready();
      const grant = story.granted();
      story.started(grant);
      then(story, grant);
      story.operatorSays("retire-cp", { id: "O-1", reason: "its disk died" });
      story.hello(newJournal, { connector: { ...connectorBody, plugged: true } });
      story.operatorSays("reinstate-cp", { id: "O-2", reason: "a new disk" });
      const early = newSid();
      story.request(early, { driver: bob });
      expect(story.session(early, bob)).toMatchObject({
        rank: "REJECTED",
        reason: "the last car is still plugged in",
      });
      story.connector({ plugged: false }, newJournal);
      const late = newSid();
      story.request(late, { driver: bob });
      expect(story.session(late, bob)?.rank).toBe("ACCEPTED");
    },
  );

  it.each([
    ["has left", false, null],
    ["stands there", true, expect.objectContaining({ state: "finishing" })],
  ])("retires a point that ends its session itself afterwards, when the car %s", (_, plugged, claim) => {
    const story = new Story().ready();
    const grant = story.granted();
    story.started(grant);
    story.operatorSays("retire-cp", { reason: "its screen is broken" });
    story.ended(grant, 13_345, { plugged });
    expect(story.cpRow().claim).toEqual(claim);
    story.connector({ plugged: false });
    expect(story.cpRow().claim).toBe(null);
  });

  it("retires a point where nobody is plugged in: its claim ends", () => {
    const story = new Story().ready();
    story.granted();
    story.operatorSays("retire-cp", { reason: "flooded" });
    expect(story.cpRow()).toMatchObject({ retired: true, claim: null });
  });

  it("stops and resumes a point; the older word is not published after the newer", () => {
    const story = new Story().ready();
    story.operatorSays("stop-cp");
    story.operatorSays("resume-cp");
    expect(story.commands().map((command) => command.op)).toEqual(["stop-cp", "resume-cp"]);
    expect(story.cpRow().commands.map((command) => command.op)).toEqual(["resume-cp"]);
  });

  it("watches a point and stops a session", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.commands();
    story.operatorSays("watch", { forMs: 60_000 });
    story.operatorSays("stop-session", { sid: grant.sid, driver: "driver-alice" });
    expect(story.commands()).toMatchObject([
      { op: "watch", everyMs: 1_000, forMs: 60_000 },
      { op: "stop-supply", sid: grant.sid },
    ]);
  });

  it("is refused for an unknown point, with an audit row", () => {
    const story = new Story();
    story.operatorSays("stop-cp");
    expect(story.commands()).toEqual([]);
    expect(story.table.queryNow("audit#2026-05-01")).toMatchObject([
      { value: { outcome: "refused", reason: "unknown charging point" } },
    ]);
  });
});
