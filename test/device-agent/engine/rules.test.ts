import { describe, expect, test } from "vitest";
import { Hello } from "../../../wire/messages/index.ts";
import { Story, sidOf, start, stop } from "../../support/engine-story.ts";

describe("a session from start to end", () => {
  test("intent is durable before the relay may close, and the answer travels with it", () => {
    const story = new Story().ready().command(start(1));
    expect(story.did).toEqual(["persist answer", "on"]);
    expect(story.last("answer")).toMatchObject({ cmdId: "start-1", result: "applied" });
    expect(story.state.durable.session?.phase).toBe("intent");
  });

  test("the relay is first seen closed: started at the register of the intent", () => {
    const story = new Story().ready().charging(1, 7200);
    expect(story.last("session.started")).toMatchObject({ sid: sidOf(1), registerStartWh: 0 });
  });

  test("a stop lets the power fall before the disk is asked, and ends at the settled register", () => {
    const story = new Story().ready().charging().on(36_000).command(stop(1));
    expect(story.did).toEqual(["off", "persist answer"]);
    expect(story.last("answer")).toMatchObject({ op: "stop-supply", found: "session" });
    story.off(1800);
    expect(story.count("session.ended"), "one open reading is not settled").toBe(0);
    story.off();
    expect(story.last("session.ended")).toMatchObject({
      registerStartWh: 0,
      registerEndWh: 10,
      reason: "Remote",
      plugged: true,
    });
    expect(story.state.durable.finishing).toBe(sidOf(1));
  });

  test("unplugging ends the session as EVDisconnected and frees the point", () => {
    const story = new Story().ready().charging().on(7200).reads({ plugged: false });
    expect(story.did[0]).toBe("off");
    story.reads({ plugged: false }).reads({ plugged: false });
    expect(story.last("session.ended")).toMatchObject({ reason: "EVDisconnected", plugged: false });
    expect(story.state.durable.finishing).toBeNull();
  });

  test("one plug-in, one driver: busy until the last car has left", () => {
    const story = new Story().ready().charging().command(stop(1)).off().off();
    story.command(start(2));
    expect(story.last("answer")).toMatchObject({ cmdId: "start-2", result: "busy" });
    story.reads({ plugged: false });
    expect(story.last("connector")).toMatchObject({ plugged: false, finishing: null });
    story.command(start(3));
    expect(story.last("answer")).toMatchObject({ cmdId: "start-3", result: "applied" });
  });

  test("a car that pauses suspends the session; it resumes by itself", () => {
    const story = new Story().ready().charging().on().off();
    expect(story.last("session.suspended")).toMatchObject({ by: "EV" });
    story.on();
    expect(story.count("session.resumed")).toBe(1);
    expect(story.count("session.ended")).toBe(0);
  });

  test("the idle limit ends a suspended session as StoppedByEV", () => {
    const story = new Story().ready().charging().on().off().wait(61).off();
    expect(story.did[0]).toBe("off");
    story.off().off();
    expect(story.last("session.ended")).toMatchObject({ reason: "StoppedByEV" });
  });

  test("a charger's fault that lasts longer is not the car's doing", () => {
    const fault = { plugged: true, state: "fault", fault: "over-temperature", carReady: true } as const;
    const story = new Story().ready().charging().on().reads(fault);
    expect(story.last("session.suspended")).toMatchObject({ by: "EVSE" });
    story.wait(61).reads(fault).reads(fault).reads(fault);
    expect(story.last("session.ended")).toMatchObject({ reason: "Other" });
  });

  test("limits of energy and time end the session by themselves", () => {
    const energy = new Story()
      .ready()
      .command(start(1, 1, { limit: { energyWh: 2 } }))
      .on(0)
      .on(3600)
      .on(3600);
    expect(energy.did[0]).toBe("off");
    energy.off().off();
    expect(energy.last("session.ended")).toMatchObject({ reason: "EnergyLimitReached", registerEndWh: 2 });
    const time = new Story()
      .ready()
      .command(start(1, 1, { limit: { durationS: 2 } }))
      .on(0)
      .on(10)
      .on(10);
    expect(time.did[0]).toBe("off");
    time.off().off();
    expect(time.last("session.ended")).toMatchObject({ reason: "TimeLimitReached" });
  });

  test("no car within the plug-in time: off, open verified, aborted at 0 Wh", () => {
    const story = new Story().ready().command(start(1)).wait(121).reads({});
    expect(story.did[0]).toBe("off");
    story.reads({}).reads({});
    expect(story.last("session.aborted")).toMatchObject({ reason: "plug-in-timeout", plugged: false });
    expect(story.count("session.ended")).toBe(0);
  });

  test("a charger that has not taken the wish to sleep is not settled: its relay may close any moment", () => {
    const story = new Story().ready().command(start(1)).command(stop(1));
    for (let n = 0; n < 3; n++) story.reads({ plugged: true, state: "connected", carReady: true });
    expect(story.state.durable.session?.phase).toBe("ending");
    story.on(36_000).off().off();
    expect(story.last("session.ended")).toMatchObject({ registerEndWh: 10, reason: "Remote" });
  });

  test("energy that flowed unseen before an abort is billed, not lost", () => {
    const story = new Story().ready().command(start(1)).command(stop(1)).off(7200).off();
    expect(story.last("session.started")).toMatchObject({ registerStartWh: 0 });
    expect(story.last("session.ended")).toMatchObject({ registerEndWh: 2 });
    expect(story.count("session.aborted")).toBe(0);
  });

  test("a start waits until current that was nobody's is told: it is not counted in the session too", () => {
    const story = new Story().ready().on(36_000).off(3_600).command(start(1));
    expect(story.did, "not answered: Central sends it again").toEqual([]);
    story.off().command(start(1));
    expect(story.last("orphan")).toMatchObject({ registerFromWh: 0, registerToWh: 11 });
    expect(story.last("answer")).toMatchObject({ result: "applied" });
    expect(story.state.durable).toMatchObject({ orphanFromWh: null, session: { registerStartWh: 11 } });
  });

  test("consecutive sessions and orphans together are the register's growth", () => {
    const story = new Story().ready().charging(1).on(5000).command(stop(1)).off(700).off(900).off();
    story
      .reads({ plugged: false })
      .reads({ plugged: false })
      .charging(2)
      .on(9999)
      .command(stop(2))
      .off()
      .off();
    const ended = story.events.filter((event) => event.type === "session.ended").map((event) => event.body);
    const orphans = story.events.filter((event) => event.type === "orphan").map((event) => event.body);
    const billed = ended.reduce((sum, e) => sum + Number(e.registerEndWh) - Number(e.registerStartWh), 0);
    const orphaned = orphans.reduce((sum, o) => sum + Number(o.registerToWh) - Number(o.registerFromWh), 0);
    expect(billed + orphaned).toBe(Math.floor(story.state.durable.register.registerWs / 3600));
  });
});

describe("commands in the protocol's order of checks", () => {
  test("the same command id gets the same answer and one relay", () => {
    const story = new Story().ready().command(start(1)).command(start(1));
    expect(story.did).toEqual(["persist answer"]);
    expect(story.count("answer")).toBe(2);
  });

  test("a lower fence is stale", () => {
    const story = new Story().ready().welcome(5).command(start(1, 4));
    expect(story.last("answer")).toMatchObject({ result: "stale" });
  });

  test("a stop for an unknown session leaves a durable tombstone before it is answered; the start comes too late", () => {
    const story = new Story().ready().command(stop(1));
    expect(story.did).toEqual(["persist answer"]);
    expect(story.last("answer")).toMatchObject({ result: "applied", found: "none" });
    expect(story.state.durable.tombstones).toEqual([sidOf(1)]);
    story.command(start(1));
    expect(story.last("answer")).toMatchObject({ op: "start-supply", result: "cancelled" });
  });

  test("expired by another boot, or by the device's own clock", () => {
    const other = new Story().ready().command(start(1, 1, { echo: { boot: "boot-0", mono: 0 } }));
    expect(other.last("answer")).toMatchObject({ result: "expired" });
    const late = new Story().ready().command(start(1, 1, { ttlMs: 1_000 }));
    expect(late.last("answer")).toMatchObject({ result: "expired" });
  });

  test("a permit that ran out at the serial line aborts the session", () => {
    const story = new Story().ready().command(start(1));
    story.input({ is: "charger", event: { is: "permit-expired", permit: "start-1" } });
    story.reads({}).reads({});
    expect(story.last("session.aborted")).toMatchObject({ reason: "expired" });
  });

  test.each([
    ["out of service", (s: Story) => s.command({ ...stop(9), op: "stop-cp", cmdId: "stop-cp-1" } as never)],
    [
      "charger unreachable",
      (s: Story) =>
        s.input({ is: "charger", event: { is: "unreachable", mono: s.mono, reason: "no answer" } }),
    ],
    ["charger fault: stuck-relay", (s: Story) => s.reads({ fault: "stuck-relay", state: "fault" })],
  ])("refused: %s", (reason, before) => {
    const story = before(new Story().ready()).command(start(1));
    expect(story.last("answer")).toMatchObject({ result: "refused", reason });
  });

  test("refused when the disk is nearly full", () => {
    expect(new Story().ready().command(start(1), 10).last("answer")).toMatchObject({ reason: "disk full" });
  });

  test("before the welcome and the first reading a start is not answered: Central sends it again after the hello", () => {
    const unread = new Story().welcome().command(start(1));
    expect(unread.effects).toMatchObject([{ do: "log", text: expect.stringContaining("first reading") }]);
    const story = new Story().identity().reads({}).command(start(1));
    expect(story.did).toEqual([]);
    expect(story.effects).toMatchObject([{ do: "log", text: expect.stringContaining("welcome") }]);
    story.welcome().command(start(1));
    expect(story.last("answer")).toMatchObject({ result: "applied" });
  });

  test("stop-cp ends the session and keeps new ones out until resume-cp", () => {
    const story = new Story()
      .ready()
      .charging()
      .command({ ...stop(9), op: "stop-cp", cmdId: "c1" } as never);
    expect(story.did[0]).toBe("off");
    story.off().off().reads({ plugged: false });
    expect(story.last("session.ended")).toMatchObject({ reason: "Remote" });
    expect(story.last("connector")).toMatchObject({ operative: false });
    story.command({ ...stop(9), op: "resume-cp", cmdId: "c2" } as never);
    expect(story.last("connector")).toMatchObject({ operative: true });
  });
});

describe("the start-up table", () => {
  test("intent without start, relay open, register unmoved: aborted at 0 Wh", () => {
    const story = new Story().ready().command(start(1)).crash();
    expect(story.did, "the first reading decides").toEqual([]);
    story.reads({});
    expect(story.did[0]).toBe("off");
    story.reads({}).reads({});
    expect(story.last("session.aborted")).toMatchObject({ reason: "engine-restart" });
  });

  test("intent, relay open, register moved: ended at the register", () => {
    const story = new Story().ready().command(start(1)).crash().off(36_000).off().off();
    expect(story.last("session.ended")).toMatchObject({ registerStartWh: 0, registerEndWh: 10 });
  });

  test("relay closed, policy close: stopped and ended with reason Reboot at the charger's own meter", () => {
    const story = new Story().ready().charging().on(3600).crash().on(36_000);
    expect(story.did[0]).toBe("off");
    story.off().off();
    expect(story.last("session.ended")).toMatchObject({ reason: "Reboot", registerEndWh: 11 });
  });

  test("relay closed, policy resume: the session goes on, nothing is switched", () => {
    const story = new Story().ready().charging().on(3600).crash({ rebootPolicy: "resume" });
    expect(story.did).toEqual([]);
    story.on(3600);
    expect(story.did).toEqual(["persist", "on"]);
    story.on(3600).command(stop(1)).off().off();
    expect(story.last("session.ended")).toMatchObject({ registerEndWh: 3 });
  });

  test("policy resume, but the limit was reached meanwhile: off, and nothing of this turn switches on again", () => {
    const running = new Story()
      .ready()
      .command(start(1, 1, { limit: { energyWh: 5 } }))
      .on(0);
    const story = running.crash({ rebootPolicy: "resume" }).on(36_000);
    expect(story.did).toEqual(["off", "persist"]);
    expect(story.state.durable.session?.phase).toBe("ending");
  });

  test("policy resume, but the computer was rebooted: a time limit cannot be counted on, and the session ends", () => {
    const rebooted = (limit: { durationS?: number; energyWh?: number }) => {
      const story = new Story(null, { rebootPolicy: "resume" })
        .ready()
        .command(start(1, 1, { limit }))
        .on(3600)
        .command(stop(9))
        .crash({ rebootPolicy: "resume" });
      story.boot = "boot-2";
      return story.identity().on(3600);
    };
    const ended = rebooted({ durationS: 60 });
    expect(ended.did[0]).toBe("off");
    ended.off().off();
    expect(ended.last("session.ended")).toMatchObject({
      reason: "Reboot",
      registerEndWh: 2,
      durationMs: null,
    });
    expect(rebooted({ energyWh: 60 }).state.durable.session?.phase).toBe("charging");
  });

  test("power was lost while the engine was away: ended with reason PowerLoss", () => {
    const story = new Story().ready().charging().on(36_000).crash();
    story.sessionWs = 0;
    story.off().off().off();
    expect(story.last("session.ended")).toMatchObject({ reason: "PowerLoss", registerEndWh: 10 });
  });

  test("the car left while the engine was away: ended with reason EVDisconnected", () => {
    const story = new Story().ready().charging().on(36_000).crash();
    story.reads({ plugged: false }).reads({ plugged: false }).reads({ plugged: false });
    expect(story.last("session.ended")).toMatchObject({ reason: "EVDisconnected", plugged: false });
  });

  test("no open session, relay closed: off, and the interval is an orphan nobody pays", () => {
    const story = new Story().ready().on(7200);
    expect(story.did.slice(0, 2)).toEqual(["off", "persist connector"]);
    story.off(3600).off();
    expect(story.last("orphan")).toMatchObject({ registerFromWh: 0, registerToWh: 3 });
  });

  test("the relay is told open as soon as it is: current without a session is over for Central too", () => {
    const story = new Story().ready().on(7200);
    expect(story.last("connector")).toMatchObject({ plugged: true, relayClosed: true });
    story.off();
    expect(story.last("connector")).toMatchObject({ plugged: true, relayClosed: false });
    expect(story.off().off().off().count("connector"), "once").toBe(3);
  });

  test("what a session's messages tell of relay and plug is not told again", () => {
    const story = new Story().ready().charging().on().command(stop(1)).off().off().off();
    expect(story.events.map(({ type }) => type).filter((type) => type !== "meter")).toEqual([
      "connector",
      "answer",
      "session.started",
      "answer",
      "session.ended",
    ]);
  });

  test("another charger at the line, or a lifetime counter that went back: needs review, relay off", () => {
    const replaced = new Story().ready().charging().on(36_000).crash().identity("XYZ");
    expect(replaced.did[0]).toBe("off");
    expect(replaced.last("session.review")).toMatchObject({ cause: "charger-replaced", registerEndWh: 10 });
    const back = new Story().ready().charging().on(36_000).crash();
    back.lifetimeWh = 5;
    back.on(0);
    expect(back.last("session.review")).toMatchObject({ cause: "register-went-back" });
    expect(back.count("session.ended")).toBe(0);
  });

  test("SIGTERM ends the session and exits only once the end is durable", () => {
    const story = new Story().ready().charging().on().input({ is: "terminate" });
    expect(story.did).toEqual(["off", "persist meter"]);
    story.off();
    expect(story.did).not.toContain("exit");
    story.off();
    expect(story.did.slice(-2)).toEqual(["persist session.ended", "exit"]);
  });

  test("SIGTERM with policy resume leaves the current flowing", () => {
    const story = new Story(null, { rebootPolicy: "resume" })
      .ready()
      .charging()
      .on()
      .input({ is: "terminate" });
    expect(story.did).toEqual(["persist meter", "exit"]);
  });
});

describe("meter and hello", () => {
  test("samples travel once a flush, in one message of delta columns", () => {
    const story = new Story(null, { sampleFlushS: 3 }).ready().charging().on().on().on().on();
    expect(story.count("meter")).toBeGreaterThan(0);
    const meter = story.last("meter") as { w: number[]; sid: string };
    expect(meter.sid).toBe(sidOf(1));
    expect(meter.w.length).toBeGreaterThan(1);
  });

  test("hello waits for the first reading, so that it can tell who the charger is and how the relay stands", () => {
    const position = { epoch: 1, seq: 1 };
    const story = new Story().input({ is: "link", up: true, oldestPending: position });
    expect(story.count("hello")).toBe(0);
    story.identity().reads({ plugged: true }).input({ is: "tick", oldestPending: position });
    expect(story.last("hello")).toMatchObject({
      firmware: "8.2.3",
      connector: { plugged: true },
      openSid: null,
    });
    story.input({ is: "link", up: false, oldestPending: position });
    story.input({ is: "link", up: true, oldestPending: position });
    expect(story.count("hello"), "and comes at once on every later connection").toBe(2);
  });

  test("hello is valid however long the charger's name for its firmware", () => {
    const story = new Story().input({
      is: "charger",
      event: { is: "identity", firmware: "8".repeat(60), serial: null, maxAmps: 80 },
    });
    story.reads({}).input({ is: "link", up: true, oldestPending: { epoch: 1, seq: 1 } });
    expect(Hello.safeParse(story.last("hello")).error).toBeUndefined();
  });

  test("a charger that says nothing holds the hello back for 4 s; it is repeated with growing pauses until the welcome", () => {
    const position = { epoch: 1, seq: 1 };
    const story = new Story().input({ is: "link", up: true, oldestPending: position });
    const toldAtS: number[] = [];
    for (let s = 1; s <= 30; s++) {
      const before = story.count("hello");
      story.wait(1).input({ is: "tick", oldestPending: position });
      if (story.count("hello") > before) toldAtS.push(s);
    }
    expect(toldAtS).toEqual([4, 6, 10, 18]);
    expect(story.last("hello")).toMatchObject({ connector: null });
    story.welcome().wait(60).input({ is: "tick", oldestPending: position });
    expect(story.count("hello")).toBe(4);
  });
});
