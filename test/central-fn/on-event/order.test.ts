// Whatever the order and repetition in which a session's events arrive, the rows end the same and bill once.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KafkaRecord } from "../../../central-fn/on-event/dead-letters.ts";
import { type CpRow, keys } from "../../../central-fn/tables/rows.ts";
import { alice, connectorBody, cp, endedBody, newSid, Story, startedBody } from "./story.ts";

/** A story up to the accepted request, and what the device then says, in its own order. */
function accepted() {
  const story = new Story().ready();
  const sid = newSid();
  story.request(sid);
  const grant = story.grantOf(sid);
  const said = (type: string, body: Record<string, unknown>) => {
    story.nowMs += 1_000;
    return story.event(type, body);
  };
  const events = [
    said("answer", { cmdId: grant.cmdId, op: "start-supply", sid, fence: grant.fence, result: "applied" }),
    said("connector", { ...connectorBody, plugged: true }),
    said("session.started", startedBody(grant, story.nowMs)),
    said("connector", { ...connectorBody, plugged: true, relayClosed: true }),
    said("session.suspended", { ...grant, registerWh: 5_000, by: "EV" }),
    said("session.resumed", { ...grant, registerWh: 5_000 }),
    said("session.ended", { ...endedBody(grant, story.nowMs), plugged: true }),
    said("connector", { ...connectorBody, plugged: true, finishing: sid }),
    said("connector", { ...connectorBody, plugged: false, registerWh: 13_345 }),
  ];
  return { story, sid, events };
}

/** What must not depend on the order; the inbox does (a pause heard after the end is not told). */
function outcome(story: Story, sid: string) {
  const row = story.table.getNow<CpRow>(keys.cp(cp))?.value;
  const { by: _by, command: _command, ...session } = story.session(sid) ?? { by: null, command: null };
  const cdrs = story.cdrs().map(({ createdAtMs: _at, ...cdr }) => cdr);
  return {
    session,
    cdrs,
    claim: row?.claim,
    commands: row?.commands,
    engine: row?.engine,
    marks: row?.marks,
    fence: row?.fence,
    activeSid: story.driver()?.activeSid,
  };
}

describe("a session's events in any order", () => {
  it("lead to the same rows and exactly one bill", () => {
    const plain = accepted();
    for (const event of plain.events) plain.story.take(event);
    const expected = outcome(plain.story, plain.sid);
    expect(expected).toMatchObject({
      session: { rank: "BILLED", costMinor: 370 },
      claim: null,
      commands: [],
    });

    fc.assert(
      fc.property(
        fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8], { minLength: 9 }),
        fc.array(fc.nat(8), { maxLength: 12 }),
        fc.array(fc.nat(20), { minLength: 12, maxLength: 12 }),
        (order, again, at) => {
          const { story, sid, events } = accepted();
          const arriving = [...order];
          again.forEach((event, i) => {
            arriving.splice((at[i] ?? 0) % (arriving.length + 1), 0, event);
          });
          for (const index of arriving) {
            const event = events[index];
            if (event) story.take(event);
          }
          // Sids differ between stories; nothing else may.
          const text = (value: unknown, of: string) => JSON.stringify(value).replaceAll(of.slice(2), "SID");
          expect(text(ordered(outcome(story, sid)), sid)).toEqual(text(ordered(expected), plain.sid));
          const inbox = story.inbox();
          expect(inbox.filter((event) => event === "completed")).toHaveLength(1);
          expect(inbox.at(-1)).toBe("completed");
        },
      ),
      { numRuns: 300 },
    );
  });

  it("never lower a rank on the way", () => {
    const ranks = ["ACCEPTED", "INTENT", "CHARGING", "SUSPENDED", "BILLED"];
    const level = (rank: string | undefined) =>
      Math.min(ranks.indexOf(rank ?? ""), rank === "SUSPENDED" ? 2 : 9);
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8], { minLength: 9 }), (order) => {
        const { story, sid, events } = accepted();
        let before = level(story.session(sid)?.rank);
        for (const index of order) {
          story.take(events[index] as KafkaRecord);
          const after = level(story.session(sid)?.rank);
          expect(after).toBeGreaterThanOrEqual(before);
          before = after;
        }
      }),
      { numRuns: 100 },
    );
  });

  it("survive a crash at any step of any of them, when the log is read again from there", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(6), { maxLength: 12 }), (crashes) => {
        const { story, sid, events } = accepted();
        for (const event of events) {
          for (let attempt = 0; attempt < 20; attempt++) {
            let left = crashes.pop() ?? 99;
            story.fault = () => {
              left -= 1;
              if (left < 0) throw new Error("killed");
            };
            try {
              story.take(event);
              break;
            } catch (error) {
              expect(String(error)).toContain("killed");
            }
          }
        }
        story.fault = undefined;
        expect(outcome(story, sid)).toMatchObject({ session: { rank: "BILLED" }, claim: null });
        expect(story.cdrs()).toHaveLength(1);
        expect(story.inbox()).toEqual(["accepted", "started", "suspended", "completed"]);
        expect(story.driver(alice)?.activeSid).toBe(null);
      }),
      { numRuns: 100 },
    );
  });
});

/** Keys sorted, so that only values are compared. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, ordered(inner)]),
  );
}
