// A driver's way through the line over HTTP, with the production handlers behind the API and nothing else between.
import { afterEach, beforeEach, expect, it } from "vitest";
import { alice, bob, cp, Story } from "../on-event/story.ts";
import { openCentral, type TestCentral } from "./central.ts";

let story: Story;
let central: TestCentral;
beforeEach(() => {
  story = new Story().ready();
  central = openCentral({
    table: story.table,
    now: () => story.nowMs,
    // Each record is delivered twice, as Kafka may.
    append: async ({ topic, value }) => {
      const record = story.record(topic, JSON.parse(value));
      story.take(record, record);
    },
  });
});
afterEach(() => central.close());

interface Seen {
  session_id: string;
  phase: string;
  queue_position: number | null;
  reason: string | null;
  cost_eur: number | null;
  command: { state: string } | null;
}

const call = async (driver: string, method: string, path: string, body?: unknown) => {
  const answer = await central.call(driver, method, `/drivers/${driver}${path}`, { body });
  return { status: answer.status, seen: (answer.status === 204 ? {} : await answer.json()) as Seen };
};
const ask = async (driver: string, more: object = {}) =>
  (await call(driver, "POST", "/requests", { cp_id: cp, vehicle_id: "VEH-1", ...more })).seen;
const look = async (driver: string, id: string) => (await call(driver, "GET", `/requests/${id}`)).seen;

it("busy, in line, offered, confirmed, charged, billed: each step is seen by polling and told in the inbox", async () => {
  const first = await ask(alice);
  expect(await look(alice, first.session_id)).toMatchObject({
    phase: "accepted",
    command: { state: "sent" },
  });
  const grant = story.grantOf(first.session_id);
  story.started(grant);
  const own = await ask(bob, { queue: true, limit: { cost_eur: 1 } });
  expect(await look(bob, own.session_id)).toMatchObject({ phase: "queued", queue_position: 1 });
  expect((await call(bob, "POST", `/requests/${own.session_id}/confirm`)).status).toBe(409);

  story.ended(grant);
  expect(await look(bob, own.session_id)).toMatchObject({ phase: "offered" });
  const late = await ask("driver-eve");
  expect(await look("driver-eve", late.session_id)).toMatchObject({
    phase: "rejected",
    reason: "it is offered to the next in line",
  });
  const confirmed = await call(bob, "POST", `/requests/${own.session_id}/confirm`);
  expect([confirmed.status, confirmed.seen.phase]).toEqual([202, "offered"]);
  expect((await call(bob, "POST", `/requests/${own.session_id}/confirm`)).seen.phase).toBe("accepted");

  const second = story.grantOf(own.session_id, bob);
  story.say("answer", {
    cmdId: second.cmdId,
    op: "start-supply",
    sid: own.session_id,
    fence: second.fence,
    result: "applied",
  });
  expect(await look(bob, own.session_id)).toMatchObject({ phase: "intent", command: { state: "applied" } });
  story.started(second);
  story.ended(second, 4_334);
  expect(await look(bob, own.session_id)).toMatchObject({ phase: "billed", cost_eur: 1 });
  expect((await call(bob, "GET", "/queue")).seen).toEqual([]);
  const inbox = (await call(bob, "GET", "/notifications?after=0")).seen as unknown as {
    event: string;
    type: string;
  }[];
  expect(inbox.map(({ event, type }) => `${type} ${event}`)).toEqual([
    "QUEUE queued",
    "QUEUE offered",
    "SESSION accepted",
    "SESSION started",
    "SESSION completed",
  ]);
  const history = (await call(bob, "GET", "/sessions/history")).seen as unknown as { session_id: string }[];
  expect(history.map(({ session_id }) => session_id)).toEqual([own.session_id]);
});

it("a start for later can be seen, and is gone when it is taken back", async () => {
  const startsAt = new Date(story.nowMs + 1_800_000).toISOString();
  const asked = await ask(alice, { preferred_start: startsAt });
  const id = asked.session_id;
  expect(await look(alice, id)).toMatchObject({
    phase: "scheduled",
    preferred_start: startsAt,
    command: null,
  });
  expect((await call(alice, "GET", "/queue")).seen).toMatchObject([{ session_id: id }]);
  expect((await call(alice, "DELETE", `/requests/${id}`)).status).toBe(204);
  expect(await look(alice, id)).toMatchObject({ phase: "cancelled", status: "CANCELLED" });
  expect((await call(alice, "GET", "/queue")).seen).toEqual([]);
});
