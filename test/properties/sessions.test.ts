// A session as Central sees it, when the device's word comes late, twice, out of order, or after somebody gave up.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KafkaRecord } from "../../central-fn/on-event/dead-letters.ts";
import {
  alice,
  bob,
  connectorBody,
  endedBody,
  engineJournal,
  newSid,
  Story,
  startedBody,
} from "../central-fn/on-event/story.ts";

type Act = () => void;

/** All of them in any order, some of them again at any time. */
function anyOrder(acts: number): fc.Arbitrary<number[]> {
  const indices = Array.from({ length: acts }, (_, i) => i);
  return fc
    .tuple(
      fc.shuffledSubarray(indices, { minLength: acts }),
      fc.array(fc.tuple(fc.nat(acts - 1), fc.nat(60)), { maxLength: 8 }),
    )
    .map(([order, again]) => {
      const arriving = [...order];
      for (const [index, at] of again) arriving.splice(at % (arriving.length + 1), 0, index);
      return arriving;
    });
}

/** Says it in the device's own order now; it arrives when the act is carried out. */
const arrives =
  (story: Story, record: KafkaRecord): Act =>
  () =>
    story.take(record);

function closed(story: Story, sid: string, driver = alice): void {
  expect(story.cpRow()).toMatchObject({ claim: null, commands: [] });
  expect(story.driver(driver)?.activeSid).toBe(null);
  const inbox = story.inbox(driver);
  expect(inbox.filter((event) => event === "completed").length).toBe(story.cdr(sid, driver) ? 1 : 0);
}

describe("a start that Central gave up, and the device obeyed after all", () => {
  const given = () => {
    const story = new Story().ready();
    const sid = newSid();
    story.request(sid);
    const grant = story.grantOf(sid);
    const answer = (op: string, cmdId: string, more: object) =>
      arrives(story, story.event("answer", { cmdId, op, sid, fence: 1, result: "applied", ...more }));
    const acts: Act[] = [
      answer("start-supply", grant.cmdId, {}),
      arrives(story, story.event("session.started", startedBody(grant, story.nowMs))),
      arrives(story, story.event("session.ended", endedBody(grant, story.nowMs))),
      answer("stop-supply", `${sid}-unknown`, { found: "ended" }),
      // A device that lost its tombstone would say so; the bill must not depend on it.
      answer("stop-supply", `${sid}-unknown`, { found: "none" }),
      () => {
        story.nowMs += 40_000;
        story.status("OK");
        story.canary();
        story.sweep();
      },
      () => story.status("KO"),
      () => story.status("OK"),
    ];
    return { story, sid, acts };
  };

  it("is billed exactly once, whenever EXPIRED was written, and point and driver are free", () => {
    let expired = 0;
    fc.assert(
      fc.property(anyOrder(8), (order) => {
        const { story, sid, acts } = given();
        for (const index of order) {
          acts[index]?.();
          if (story.session(sid)?.rank === "EXPIRED") expired += 1;
        }
        expect(story.session(sid)).toMatchObject({ rank: "BILLED", costMinor: 370, interrupted: false });
        expect(story.cdrs()).toHaveLength(1);
        closed(story, sid);
      }),
      { numRuns: 150 },
    );
    expect(expired, "some of the ends came after EXPIRED").toBeGreaterThan(10);
  });
});

describe("a session that went to a review", () => {
  const given = () => {
    const story = new Story().ready();
    const grant = story.granted();
    const { sid } = grant;
    const old = { journal: engineJournal, epoch: 1 };
    const fresh = { journal: "ffffffff-0002", epoch: 1 };
    const settle = (decision: string) => () =>
      story.operatorSays("settle-review", { sid, driver: alice, decision, reason: "looked at it" });
    const late = story.event("session.ended", endedBody(grant, story.nowMs), old);
    const acts: Act[] = [
      arrives(story, story.event("session.started", startedBody(grant, story.nowMs), old)),
      arrives(story, late),
      arrives(story, story.event("hello", { ...helloOf(1), connector: null }, fresh)),
      arrives(story, story.event("connector", { ...connectorBody, relayClosed: true }, fresh)),
      settle("bill"),
      settle("waive"),
    ];
    const finish = () => {
      story.connector({ plugged: false, relayClosed: false }, fresh);
      for (const open of story.cpRow().commands)
        story.say(
          "answer",
          { cmdId: open.cmdId, op: open.op, sid, fence: 1, result: "applied", found: "none" },
          fresh,
        );
    };
    return { story, sid, acts, finish };
  };
  const helloOf = (epoch: number) => ({
    agentVersion: "1",
    firmware: null,
    openSid: null,
    oldestPending: { epoch, seq: 1 },
  });

  it("has a bill or a decision to waive it, never both, and holds nobody up", () => {
    const ends = { billed: 0, waived: 0, endedLate: 0 };
    fc.assert(
      fc.property(anyOrder(6), (order) => {
        const { story, sid, acts, finish } = given();
        for (const index of order) acts[index]?.();
        finish();
        const review = story.review(sid);
        const cdr = story.cdr(sid);
        const waived = review?.settled?.decision === "waive";
        expect(Number(cdr !== undefined) + Number(waived)).toBe(1);
        expect(story.session(sid)?.rank).toBe(cdr ? "BILLED" : "NEEDS_REVIEW");
        if (cdr) expect(cdr).toMatchObject({ energyWh: 12_345, amountMinor: 370 });
        closed(story, sid);
        if (waived) ends.waived += 1;
        else if (review?.settled?.decision === "ended-late") ends.endedLate += 1;
        else ends.billed += 1;
      }),
      { numRuns: 150 },
    );
    expect(Math.min(ends.waived, ends.endedLate, ends.billed), JSON.stringify(ends)).toBeGreaterThan(0);
  });
});

describe("two sessions at one charge point, the first one's words arriving during the second", () => {
  const given = () => {
    const story = new Story().ready();
    const first = newSid();
    story.request(first);
    const a = story.grantOf(first);
    const answered = (grant: { sid: string; cmdId: string; fence: number }) =>
      story.event("answer", {
        cmdId: grant.cmdId,
        op: "start-supply",
        sid: grant.sid,
        fence: grant.fence,
        result: "applied",
      });
    const firstWords = [
      answered(a),
      story.event("session.started", startedBody(a, story.nowMs)),
      story.event("session.suspended", { ...a, registerWh: 2_000, by: "EV" }),
      story.event("session.resumed", { ...a, registerWh: 2_000 }),
    ];
    const ended = story.event("session.ended", { ...endedBody(a, story.nowMs), plugged: true });
    const left = story.event("connector", connectorBody);
    story.take(ended, left);
    const second = newSid();
    story.request(second, { driver: bob });
    const b = story.grantOf(second, bob);
    const secondWords = [
      answered(b),
      story.event("session.started", startedBody(b, story.nowMs, 13_345)),
      story.event("session.suspended", { ...b, registerWh: 14_000, by: "EV" }),
      story.event("session.resumed", { ...b, registerWh: 14_000 }),
    ];
    const secondEnd = story.event("session.ended", {
      ...endedBody(b, story.nowMs, 20_000),
      registerStartWh: 13_345,
    });
    return { story, first, second, words: [...firstWords, ...secondWords, ended, left], secondEnd };
  };

  it("are each billed once, and no late word of the first touches the second's claim", () => {
    fc.assert(
      fc.property(anyOrder(10), fc.nat(20), (order, endAt) => {
        const { story, first, second, words, secondEnd } = given();
        let over = false;
        order.forEach((index, i) => {
          if (i === endAt % order.length) {
            story.take(secondEnd);
            over = true;
          }
          story.take(words[index] as KafkaRecord);
          if (!over) expect(story.cpRow().claim).toMatchObject({ sid: second, driver: bob, fence: 2 });
          expect(story.session(first)?.rank).toBe("BILLED");
          expect(story.driver(alice)?.activeSid).toBe(null);
        });
        expect(story.cdr(first)).toMatchObject({ energyWh: 12_345 });
        expect(story.cdr(second, bob)).toMatchObject({ energyWh: 6_655, driver: bob });
        expect([...story.cdrs(alice), ...story.cdrs(bob)]).toHaveLength(2);
        closed(story, first, alice);
        closed(story, second, bob);
      }),
      { numRuns: 150 },
    );
  });
});
