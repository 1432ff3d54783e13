import { describe, expect, it } from "vitest";
import { newSid, openCommand, Story } from "./story.ts";

describe("a start without an answer", () => {
  const unanswered = () => {
    const story = new Story().ready();
    const sid = newSid();
    story.request(sid);
    story.commands();
    return { story, sid };
  };
  const alive = (story: Story, ms: number) => {
    story.nowMs += ms;
    story.status("OK");
    story.canary();
  };

  it("is published again while it is valid, identically", () => {
    const { story, sid } = unanswered();
    const [stored] = story.cpRow().commands;
    alive(story, 5_001);
    story.sweep();
    expect(story.commands()).toEqual([stored?.message]);
    expect(story.session(sid)?.rank).toBe("ACCEPTED");
  });

  it("becomes unknown at its expiry and is stopped again and again until the device has answered", () => {
    const { story, sid } = unanswered();
    alive(story, 30_001);
    story.sweep();
    expect(story.commands()).toMatchObject([{ op: "stop-supply", cmdId: `${sid}-unknown` }]);
    expect(story.cpRow().claim?.state).toBe("unknown");
    expect(story.session(sid)).toMatchObject({ rank: "ACCEPTED", interrupted: true });
    expect(story.driver()?.activeSid).toBe(null);
    story.status("KO");
    story.status("OK");
    expect(story.driver()?.activeSid).toBe(null);
    alive(story, 10_001);
    story.sweep();
    expect(story.commands()).toHaveLength(1);
    story.say("answer", {
      cmdId: `${sid}-unknown`,
      op: "stop-supply",
      sid,
      fence: 1,
      result: "applied",
      found: "none",
    });
    expect(story.session(sid)?.rank).toBe("EXPIRED");
    expect(story.cpRow()).toMatchObject({ claim: null, commands: [] });
    expect(story.inbox()).toEqual(["accepted", "unanswered", "expired"]);
    alive(story, 60_000);
    expect(story.sweep()).toBe(0);
  });

  it("that had been obeyed after all is closed by the device's own word", () => {
    const { story, sid } = unanswered();
    const grant = story.grantOf(sid);
    alive(story, 30_001);
    story.sweep();
    story.say("answer", { cmdId: grant.cmdId, op: "start-supply", sid, fence: 1, result: "applied" });
    story.say("answer", {
      cmdId: `${sid}-unknown`,
      op: "stop-supply",
      sid,
      fence: 1,
      result: "applied",
      found: "session",
    });
    expect(story.cpRow().claim).toMatchObject({ sid });
    story.say("session.aborted", {
      ...grant,
      registerWh: 1_000,
      reason: "stopped-before-start",
      plugged: false,
    });
    expect(story.session(sid)?.rank).toBe("EXPIRED");
    expect(story.cpRow().claim).toBe(null);
  });

  it("bills what flowed when the stop came too late", () => {
    const { story, sid } = unanswered();
    const grant = story.grantOf(sid);
    alive(story, 30_001);
    story.sweep();
    story.started(grant);
    story.ended(grant, 1_010, { reason: "Other" });
    expect(story.cdr(sid)).toMatchObject({ energyWh: 10, amountMinor: 0 });
    expect(story.cpRow()).toMatchObject({ claim: null, commands: [] });
  });
});

describe("silence", () => {
  it("is written although nobody looks, dated when the report ran out", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.started(grant);
    const heardMs = story.nowMs;
    story.nowMs += 9_000;
    story.canary();
    story.sweep();
    expect(story.cpRow().shown).toMatchObject({ state: "DISCONNECTED", sinceMs: heardMs + 6_000 });
    expect(story.history().at(-1)).toBe("ON→DISCONNECTED: no report for 6 s");
    expect(story.session(grant.sid)?.interrupted).toBe(true);
    expect(story.sweep()).toBe(0);
    story.status("OK");
    expect(story.cpRow().shown?.state).toBe("ON");
    expect(story.session(grant.sid)?.interrupted).toBe(false);
  });

  it("of the feed itself condemns nobody", () => {
    const story = new Story().ready();
    story.nowMs += 60_000;
    story.sweep();
    expect(story.cpRow().shown?.state).toBe("ON");
    story.nowMs -= 52_000;
    story.canary();
    story.nowMs += 52_000;
    story.sweep();
    expect(story.cpRow().shown?.state).toBe("ON");
  });

  it("is not written over a report that was heard while the sweep decided", () => {
    const story = new Story().ready();
    story.nowMs += 9_000;
    story.canary();
    let heard = false;
    story.fault = (step) => {
      if (step.do !== "commit" || heard) return;
      heard = true;
      story.status("OK");
    };
    story.sweep();
    expect(heard).toBe(true);
    expect(story.cpRow().shown?.state).toBe("ON");
    expect(story.history()).toEqual(["-→ON: status report"]);
  });

  it("that lasts flags the session as overdue, once, and an end however late bills", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.started(grant);
    story.status("KO");
    story.nowMs += 15 * 60_000 + 1;
    story.sweep();
    expect(story.session(grant.sid)).toMatchObject({ overdue: true, rank: "CHARGING" });
    expect(story.sweep()).toBe(0);
    story.ended(grant);
    expect(story.session(grant.sid)).toMatchObject({ overdue: false, rank: "BILLED" });
  });

  it("that lasts long a second time is overdue a second time", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.started(grant);
    for (const engine of ["KO", "OK", "KO"] as const) {
      story.status(engine);
      story.nowMs += 15 * 60_000 + 1;
      story.canary();
      story.sweep();
      expect(story.session(grant.sid)?.overdue).toBe(engine === "KO");
    }
  });
});

describe("a charge point whose decision breaks", () => {
  const withOther = () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.started(grant);
    story.putPoint("CP-000", [openCommand({ op: "watch", publishedAtMs: 0, publishes: 1 })]);
    story.nowMs += 9_000;
    story.canary();
    return story;
  };
  const breaking = (story: Story, error: Error) => {
    story.fault = (step) => {
      if (step.do === "commit" && JSON.stringify(step.writes).includes("CP-000")) throw error;
    };
  };

  it("keeps the sweep from nobody else, and is named", () => {
    const story = withOther();
    breaking(story, new Error("111 writes in one decision"));
    expect(() => story.sweep()).toThrow("CP-000: 111 writes in one decision");
    expect(story.cpRow().shown?.state).toBe("DISCONNECTED");
  });

  it("is not tried past a table that is away", () => {
    const story = withOther();
    breaking(story, Object.assign(new Error("table away"), { retriable: true }));
    expect(() => story.sweep()).toThrow(/^table away/);
  });
});

describe("a crash between commit and publication", () => {
  const crashed = (given: (story: Story) => void) => {
    const story = new Story().ready();
    story.fault = (step) => {
      if (step.do === "send") throw new Error("killed");
    };
    expect(() => given(story)).toThrow("killed");
    story.fault = undefined;
    return story;
  };

  it("is healed by the redelivered request", () => {
    const sid = newSid();
    let record: ReturnType<Story["request"]> | undefined;
    const story = crashed((s) => {
      record = s.record("driver.requests", {
        v: 1,
        type: "start",
        sid,
        driver: "driver-alice",
        cp: "CP-001",
        vehicleId: "V",
        requestedAt: s.nowMs,
        expiresAt: s.nowMs + 60_000,
      });
      s.take(record);
    });
    expect(story.cpRow().commands).toMatchObject([{ publishedAtMs: null }]);
    story.commands();
    if (record) story.take(record);
    expect(story.commands()).toMatchObject([{ op: "start-supply", sid }]);
    expect(story.cpRow().commands).toMatchObject([{ publishes: 1 }]);
    expect(story.inbox()).toEqual(["accepted"]);
  });

  it("is healed by the sweeper after two seconds", () => {
    const story = crashed((s) => s.request(newSid()));
    story.commands();
    expect(story.sweep(1_000)).toBe(0);
    story.sweep(1_001);
    expect(story.commands()).toMatchObject([{ op: "start-supply" }]);
    expect(story.cpRow().commands).toMatchObject([{ publishedAtMs: story.nowMs, publishes: 1 }]);
  });

  it("is healed by the next hello", () => {
    const story = crashed((s) => s.request(newSid()));
    story.commands();
    story.hello();
    expect(story.commands()).toMatchObject([{ op: "start-supply" }]);
  });

  it("is healed by a repeated event of the same point", () => {
    const story = new Story().ready();
    const event = story.connector();
    story.fault = (step) => {
      if (step.do === "send") throw new Error("killed");
    };
    expect(() => story.request(newSid())).toThrow("killed");
    story.fault = undefined;
    story.commands();
    story.take(event);
    expect(story.commands()).toMatchObject([{ op: "start-supply" }]);
  });
});
