// What the first reading after a gap says about the time in which nobody looked.
import { describe, expect, test } from "vitest";
import { Durable } from "../../../device-agent/engine/state.ts";
import { Story, sidOf, start, stop } from "../../support/engine-story.ts";

/** Bob's car, `wh` watt-hours into its charge; before it alice's left with so many in the charger's memory. */
function swapped(story: Story, { leftWh, wh }: { leftWh: number; wh: number }): Story {
  story.lifetimeWh += leftWh;
  story.sessionWs = 0;
  return story.identity().on(wh * 3600);
}

function unreachable(story: Story): Story {
  return story.input({ is: "charger", event: { is: "unreachable", mono: story.mono, reason: "no answer" } });
}

/** What alice's session, the orphans and nobody else account for. */
function accounts(story: Story) {
  const of = (type: string, from: string, to: string) =>
    story.events
      .filter((event) => event.type === type)
      .map(({ body }) => [Number(body[from]), Number(body[to])]);
  return {
    ended: of("session.ended", "registerStartWh", "registerEndWh"),
    reviews: of("session.review", "registerStartWh", "registerEndWh"),
    orphans: of("orphan", "registerFromWh", "registerToWh"),
  };
}

/** Alice charges and 5 of her 10 kWh are seen. */
const seen5 = (more = {}) =>
  new Story(null, more)
    .ready()
    .charging(1)
    .on(5_000 * 3600);

describe("a second car that charges while nobody looks is not billed to the first driver", () => {
  test.each(["close", "resume"] as const)("the engine was dead (policy %s)", (rebootPolicy) => {
    const durably = seen5({ rebootPolicy }).command(stop(9));
    const story = swapped(durably.crash({ rebootPolicy }), { leftWh: 10_000, wh: 2_000 });
    expect(story.did).toEqual(["off", "persist session.review orphan"]);
    expect(story.last("session.review")).toMatchObject({
      sid: sidOf(1),
      cause: "car-changed",
      plugged: true,
    });
    expect(story.state.durable).toMatchObject({ session: null, finishing: sidOf(1) });
    story.off(3600).off();
    expect(accounts(story)).toEqual({
      ended: [],
      reviews: [[0, 5_000]],
      orphans: [
        [5_000, 12_000],
        [12_000, 12_001],
      ],
    });
  });

  test("the serial line was cut", () => {
    const story = swapped(unreachable(seen5()).wait(3600), { leftWh: 10_000, wh: 2_000 });
    expect(story.did[0]).toBe("off");
    story.off().off().command(stop(1));
    expect(accounts(story)).toEqual({ ended: [], reviews: [[0, 5_000]], orphans: [[5_000, 12_000]] });
    expect(story.last("answer"), "nothing of it runs on").toMatchObject({ found: "ended" });
  });

  test("the engine stood still, and never heard that the charger was silent", () => {
    const story = seen5().wait(3600);
    story.lifetimeWh += 10_000;
    story.sessionWs = 0;
    story.on(2_000 * 3600);
    expect(story.did).toEqual(["off", "persist meter session.review orphan"]);
    story.off().off();
    expect(accounts(story)).toEqual({ ended: [], reviews: [[0, 5_000]], orphans: [[5_000, 12_000]] });
  });

  test("it may have used more than the first: the counter has not even fallen", () => {
    const story = swapped(seen5().command(stop(9)).crash(), { leftWh: 5_000, wh: 7_000 });
    story.off().off();
    expect(accounts(story)).toEqual({ ended: [], reviews: [[0, 5_000]], orphans: [[5_000, 12_000]] });
  });

  test("it may have left too: the charger's memory grew by more than the last car used", () => {
    const story = seen5().command(stop(9)).crash();
    story.lifetimeWh += 12_000;
    story.sessionWs = 2_000 * 3600;
    story.identity().reads({ plugged: false });
    expect(story.state.durable).toMatchObject({ session: null, finishing: null });
    story.reads({}).reads({});
    expect(accounts(story)).toEqual({ ended: [], reviews: [[0, 5_000]], orphans: [[5_000, 12_000]] });
  });

  test("it has just plugged in: whatever its relay still lets through before the off is nobody's", () => {
    const story = seen5().command(stop(9)).crash();
    story.lifetimeWh += 5_000;
    story.sessionWs = 0;
    story.identity().reads({ plugged: true, state: "connected", carReady: true });
    expect(story.did).toEqual(["off", "persist session.review"]);
    expect(story.state.durable.orphanFromWh, "already durable").toBe(5_000);
    story.on(3600).off().off();
    expect(accounts(story)).toEqual({ ended: [], reviews: [[0, 5_000]], orphans: [[5_000, 5_001]] });
  });

  test("nobody else may start before the second car has left", () => {
    const story = swapped(seen5().command(stop(9)).crash(), { leftWh: 10_000, wh: 0 }).welcome();
    story.off().off().command(start(2));
    expect(story.last("answer")).toMatchObject({ cmdId: "start-2", result: "busy" });
    story.reads({}).command(start(3));
    expect(story.last("answer")).toMatchObject({ cmdId: "start-3", result: "applied" });
  });
});

test("the first car was seen to leave, and the charger fell silent before it was off: the second is not billed to it", () => {
  const story = seen5();
  story.lifetimeWh += 5_000;
  story.reads({ plugged: false, state: "no-vehicle" });
  for (const again of [story.crash(), unreachable(story)]) {
    swapped(again, { leftWh: 0, wh: 2_000 }).off().off();
    expect(again.last("session.review")).toMatchObject({ registerEndWh: 5_000 });
    expect(accounts(again)).toMatchObject({ ended: [], orphans: [[5_000, 7_000]] });
  }
});

test.each([
  ["while the engine was dead", (story: Story) => story.crash()],
  ["while the engine was dead, its end already under way", (story: Story) => story.command(stop(1)).crash()],
])(
  "the first car left %s, which died again before the meter was settled: the second is not billed to it",
  (_, die) => {
    const story = die(seen5());
    story.lifetimeWh += 5_000;
    story.identity().reads({ plugged: false, state: "no-vehicle" });
    const again = story.crash();
    swapped(again, { leftWh: 0, wh: 2_000 }).off().off();
    expect(again.last("session.review")).toMatchObject({ registerEndWh: 5_000, cause: "car-changed" });
    expect(accounts(again)).toMatchObject({ ended: [], orphans: [[5_000, 7_000]] });
  },
);

test("what was seen of the second car before the charger fell silent is counted once, and not with the first", () => {
  const story = seen5();
  story.lifetimeWh += 5_000;
  story.reads({ plugged: false, state: "no-vehicle" });
  swapped(story, { leftWh: 0, wh: 100 });
  expect(story.state.durable.session, "its meter has not settled").not.toBeNull();
  unreachable(story).identity();
  story
    .on(1_900 * 3600)
    .off()
    .off();
  expect(story.state.durable.register.registerWs).toBe(7_000 * 3600);
  expect(accounts(story)).toEqual({ ended: [], reviews: [[0, 5_000]], orphans: [[5_000, 7_000]] });
});

test("the first car charged and left before anybody saw its relay: the session is over, the second gets none of it", () => {
  const story = unreachable(new Story().ready().command(start(1)));
  story.sessionWs = 300 * 3600;
  story.lifetimeWh += 300;
  story.identity().reads({ plugged: false, state: "no-vehicle" });
  expect(story.did[0]).toBe("off");
  story.reads({}).reads({});
  expect(story.last("session.ended")).toMatchObject({ reason: "EVDisconnected", registerEndWh: 300 });
});

describe("what is no second car", () => {
  test("the first car left: the growth is its own, and all of it is billed", () => {
    const story = seen5().command(stop(9)).crash();
    story.lifetimeWh += 10_000;
    story.sessionWs = 10_000 * 3600 + 1_234;
    story.identity().reads({ plugged: false }).reads({}).reads({});
    expect(story.last("session.ended")).toMatchObject({ reason: "EVDisconnected" });
    expect(accounts(story)).toEqual({ ended: [[0, 10_000]], reviews: [], orphans: [] });
  });

  test("the first car left, and the charger is in its self-test when it is seen again", () => {
    const story = seen5().command(stop(9)).crash();
    story.lifetimeWh += 10_000;
    story.sessionWs = 10_000 * 3600;
    story.identity().reads({ plugged: null, state: "starting" });
    expect(story.events.map(({ type }) => type)).not.toContain("session.review");
    story.reads({ plugged: false }).reads({}).reads({});
    expect(accounts(story)).toEqual({ ended: [[0, 10_000]], reviews: [], orphans: [] });
  });

  test("a car that was seen to leave has not come back because a charger that is switched off cannot tell", () => {
    const story = seen5();
    story.lifetimeWh += 5_000;
    story.reads({ plugged: false, state: "no-vehicle" });
    const again = unreachable(story).identity();
    again
      .reads({ plugged: null, state: "disabled" })
      .reads({ plugged: null, state: "disabled" })
      .reads({ plugged: null, state: "disabled" });
    expect(accounts(again)).toEqual({ ended: [[0, 5_000]], reviews: [], orphans: [] });
  });

  test("through a current transformer the memory counts in steps of the ratio", () => {
    const story = new Story();
    story.ctRatio = 20;
    story
      .ready()
      .charging(1)
      .on(100 * 3600)
      .command(stop(9));
    const again = story.crash();
    again.lifetimeWh += 100;
    again.sessionWs = 119 * 3600;
    again.identity().reads({ plugged: false }).reads({}).reads({});
    expect(accounts(again).ended).toEqual([[0, 119]]);
  });

  test("the same car: the memory has not moved", () => {
    const story = seen5().command(stop(9)).crash().identity().on(3600).off().off();
    expect(accounts(story).ended).toEqual([[0, 5_001]]);
  });

  test("a pilot glitch under our eyes moves the same counters, and the session goes on, over a restart too", () => {
    const story = seen5({ rebootPolicy: "resume" });
    story.lifetimeWh += 5_000;
    story.sessionWs = 0;
    story.on(3600);
    const again = story.crash({ rebootPolicy: "resume" }).identity().on(3600);
    expect(again.state.durable.session?.phase).toBe("charging");
    again.command(stop(1)).off().off();
    expect(accounts(again).ended).toEqual([[0, 5_002]]);
  });
});

test("a review says that the car is there, and its point is finishing until it has left", () => {
  const story = seen5().command(stop(9)).crash();
  story.lifetimeWh = 1;
  story.identity().on();
  expect(story.last("session.review")).toMatchObject({ cause: "register-went-back", plugged: true });
  expect(story.state.durable.finishing).toBe(sidOf(1));
  const replaced = seen5().command(stop(9)).crash().identity("XYZ");
  expect(replaced.last("session.review"), "nobody has looked yet").toMatchObject({ plugged: true });
  replaced.reads({});
  expect(replaced.last("connector")).toMatchObject({ plugged: false, finishing: null });
});

test("the connector's word follows a review, be it the same as before the session", () => {
  const story = unreachable(new Story().ready().command(start(1))).identity("XYZ");
  expect(story.last("session.review")).toMatchObject({ plugged: true });
  const before = story.count("connector");
  story.reads({});
  expect(story.count("connector")).toBe(before + 1);
  expect(story.last("connector")).toMatchObject({ plugged: false, relayClosed: false, finishing: null });
});

describe("another current-transformer ratio", () => {
  test("makes no energy: the counters are multiplied, the register stands still", () => {
    const story = new Story().ready();
    story.sessionWs = 5_000 * 3600;
    story.reads({}).reads({}).command(stop(9));
    const { registerWs } = story.state.durable.register;
    const again = story.crash();
    again.ctRatio = 4;
    again.lifetimeWh *= 4;
    again.sessionWs *= 4;
    again.identity().reads({}).reads({});
    expect(again.state.durable.register).toEqual({ registerWs, lastSessionWs: 20_000 * 3600 });
    expect(again.state.durable.charger).toMatchObject({ ctRatio: 4, lifetimeWh: 400 });
    expect(accounts(again).orphans).toEqual([]);
  });

  test("sends an open session to review at what was seen of it", () => {
    const again = seen5().command(stop(9)).crash();
    again.ctRatio = 2;
    again.lifetimeWh *= 2;
    again.sessionWs *= 2;
    again.identity();
    expect(again.did).toEqual(["off", "persist session.review"]);
    expect(again.last("session.review")).toMatchObject({ cause: "ratio-changed", registerEndWh: 5_000 });
    again.off().off();
    expect(accounts(again)).toEqual({ ended: [], reviews: [[0, 5_000]], orphans: [] });
  });

  test("a journal of an older engine does not know the ratio: it opens, and takes the present one", () => {
    const durable = JSON.parse(JSON.stringify(seen5().state.durable));
    delete durable.charger.ctRatio;
    const again = new Story(Durable.parse(durable));
    again.ctRatio = 2;
    again.lifetimeWh = 100;
    again.sessionWs = 5_000 * 3600;
    again.identity().on();
    expect(again.count("session.review")).toBe(0);
    expect(again.state.durable.charger).toMatchObject({ ctRatio: 2 });
  });
});
