// A recorded START is sent again, by a network that repeats or by somebody who wrote it down: no car is supplied by it.
import { expect, test } from "vitest";
import { maxAnswers } from "../../../device-agent/engine/state.ts";
import { Story, start, stop } from "../../support/engine-story.ts";

const recorded = start(1);

/** Its session is over and the car has left. */
function over(): Story {
  const story = new Story().ready().charging(1, 3_600).command(stop(1));
  story.off().off().reads({}).reads({});
  expect(story.state.durable).toMatchObject({ session: null, finishing: null });
  expect(story.count("session.ended")).toBe(1);
  return story;
}

/** Sends it again; the same answer at most, and nothing that closes a relay. */
function isHarmless(story: Story, answer: object): void {
  story.command(recorded);
  expect(story.did).not.toContain("on");
  expect(story.last("answer")).toMatchObject(answer);
  story.reads({ plugged: true });
  expect(story.did).not.toContain("on");
  expect(story.state.durable.session?.sid ?? null).toBe(null);
}

test("while its session runs: the same answer, and no second start", () => {
  const story = new Story().ready().charging(1).command(recorded);
  expect(story.did).toEqual(["persist answer"]);
  expect([story.count("session.started"), story.count("answer")]).toEqual([1, 2]);
});

test("in the same epoch, when its session is over: the first answer again", () => {
  isHarmless(over(), { cmdId: "start-1", result: "applied" });
});

test("after a restart of the engine, and after a reboot: the answer is on disk", () => {
  isHarmless(over().crash().ready(), { cmdId: "start-1", result: "applied" });
  const rebooted = over().crash();
  rebooted.boot = "boot-2";
  isHarmless(rebooted.ready(), { cmdId: "start-1", result: "applied" });
});

test("much later, when its answer is forgotten: a later session's fence makes it stale", () => {
  const story = over();
  story.command(start(2));
  story.command(stop(2)).off().off().reads({});
  for (let n = 0; n < maxAnswers; n++) story.command(stop(100 + n));
  expect(story.state.durable.answers.some(({ cmdId }) => cmdId === "start-1")).toBe(false);
  isHarmless(story, { cmdId: "start-1", result: "stale" });
});

test("later than it may wait: it has expired", () => {
  const story = over();
  for (let n = 0; n < maxAnswers; n++) story.command(stop(100 + n));
  isHarmless(story.wait(3_601), { cmdId: "start-1", result: "expired" });
});

test("to an engine whose disk was replaced: Central's fence is higher, and another boot's clock counts for nothing", () => {
  isHarmless(new Story().identity().reads({}).welcome(2), { cmdId: "start-1", result: "stale" });
  const rebooted = new Story();
  rebooted.boot = "boot-2";
  isHarmless(rebooted.identity().reads({}).welcome(1), { cmdId: "start-1", result: "expired" });
});

test("before Central has spoken to an engine that starts: it is not even answered", () => {
  const story = new Story().identity().reads({}).command(recorded);
  expect(story.did).toEqual([]);
});
