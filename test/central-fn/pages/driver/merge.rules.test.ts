// Answers that come late, twice or out of order do not turn anything back.
import { describe, expect, test } from "vitest";
import {
  firstGap,
  further,
  isForgotten,
  type Message,
  readUpTo,
  toLookAt,
  unreadOf,
  withInbox,
  withMessages,
  without,
  withoutOld,
  withSample,
  withSessions,
  wordsOf,
} from "../../../../central-fn/pages/driver/merge.rules.ts";
import { own, sidAt } from "./own.ts";

const sid = sidAt("CP-001", 1);
const charging = own(sid, { phase: "charging", status: "CHARGING" });
const billed = own(sid, { phase: "billed", status: "COMPLETED" });

describe("sessions", () => {
  test("one that is further stays, whichever answer was late", () => {
    expect(withSessions(withSessions({}, [billed]), [charging])[sid]?.phase).toBe("billed");
    expect(withSessions(withSessions({}, [charging]), [billed])[sid]?.phase).toBe("billed");
  });

  test("a pause and an offer may come and go", () => {
    const paused = own(sid, { phase: "suspended" });
    expect(further(charging, paused)).toBe(paused);
    expect(further(paused, charging)).toBe(charging);
    const [queued, offered] = [own(sid, { phase: "queued" }), own(sid, { phase: "offered" })];
    expect(further(offered, queued)).toBe(queued);
  });

  test("figures never go back", () => {
    const older = own(sid, { phase: "charging", figures_at: "2026-01-10T10:00:01.000Z", energy_kwh: 0.1 });
    const newer = own(sid, { phase: "charging", figures_at: "2026-01-10T10:00:02.000Z", energy_kwh: 0.2 });
    expect(further(newer, older)).toBe(newer);
    expect(further(older, newer)).toBe(newer);
    expect(further(newer, charging)).toBe(charging);
  });

  test("what is not over and no longer listed is looked at by its id, and so is what was only heard of", () => {
    const other = own(sidAt("CP-002", 2), { phase: "queued" });
    const known = withSessions({}, [charging, other]);
    expect(toLookAt(known, [other.session_id])).toEqual([sid]);
    const past = [own(sidAt("CP-003", 3), { phase: "charging" }), billed];
    const heardOf = { past, messages: [] };
    expect(toLookAt(known, [sid, other.session_id], heardOf)).toEqual([sidAt("CP-003", 3)]);
    expect(toLookAt(withSessions(known, [billed]), [other.session_id], heardOf)).toEqual([
      sidAt("CP-003", 3),
    ]);
  });

  describe("that were over are looked at again when more is heard of them", () => {
    const inReview = own(sid, { phase: "needs_review", status: "FAILED" });
    const waived = { ...inReview, waived: true };
    const expired = own(sid, { phase: "expired", status: "FAILED" });
    test.each([
      ["a review that was billed, in the list", inReview, { past: [billed], messages: [] }, true],
      ["a review that was waived, in the list", inReview, { past: [waived], messages: [] }, true],
      ["an expired one that ended late, by its message", expired, { messages: ["completed"] }, true],
      ["a review that was waived, by its message", inReview, { messages: ["review", "waived"] }, true],
      ["one that is as it was", inReview, { past: [inReview], messages: ["review"] }, false],
      ["one whose list came late", billed, { past: [inReview], messages: ["review", "completed"] }, false],
      ["a waived one whose list came late", waived, { past: [inReview], messages: ["waived"] }, false],
    ] as const)("%s", (_, known, heard, isLookedAt) => {
      const messages = heard.messages.map((event) => ({ event, session_id: sid }));
      const past = "past" in heard ? heard.past : [];
      const found = toLookAt(withSessions({}, [known]), [], { past, messages });
      expect(found).toEqual(isLookedAt ? [sid] : []);
    });

    test("what is told of a session that is not known here asks for nothing", () => {
      const messages = [{ event: "completed", session_id: sid }];
      expect(toLookAt({}, [], { past: [billed], messages })).toEqual([]);
    });

    test("the outcome of a review stays, whichever answer was late", () => {
      expect(further(inReview, waived)).toBe(waived);
      expect(further(waived, inReview)).toBe(waived);
    });
  });

  test("a network that began anew takes its old sessions with it, one just asked for stays", () => {
    const asked = { requested_at: "2026-01-10T10:00:00.000Z" };
    const nowMs = Date.parse("2026-01-10T10:05:00.000Z");
    expect(isForgotten(own(sid, { phase: "charging", ...asked }), own(sid), nowMs)).toBe(true);
    expect(isForgotten(own(sid, { phase: "accepted", ...asked }), own(sid), nowMs - 240_000)).toBe(false);
    expect(isForgotten(own(sid, { phase: "charging", ...asked }), charging, nowMs)).toBe(false);
    expect(isForgotten(undefined, own(sid), nowMs)).toBe(false);
    expect(without(withSessions({}, [charging]), sid)).toEqual({});
  });

  test("of what is over only the newest stay, of what runs everything", () => {
    const hour = (n: number) => new Date(n * 3_600_000).toISOString();
    const over = Array.from({ length: 30 }, (_, n) =>
      own(sidAt("CP-009", n), { phase: "billed", requested_at: hour(n) }),
    );
    const kept = withoutOld(withSessions({}, [charging, ...over]), 5);
    expect(Object.keys(kept)).toHaveLength(6);
    expect(kept[sid]).toBeDefined();
    expect(kept[sidAt("CP-009", 29)]).toBeDefined();
    expect(kept[sidAt("CP-009", 1)]).toBeUndefined();
  });
});

describe("messages", () => {
  const message = (sequence: number, read = false): Message => ({
    sequence,
    created_at: null,
    message: `message ${sequence}`,
    type: "SESSION",
    event: "started",
    session_id: null,
    cp_id: null,
    read,
  });

  test("each is there once, oldest first, whatever the order of the answers", () => {
    const all = withMessages(withMessages([message(3)], [message(1), message(2)]), [message(2), message(3)]);
    expect(all.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });

  test("what was read here is not unread again by an answer that had not heard of it", () => {
    const read = readUpTo([message(1), message(2), message(3)], 2);
    expect(unreadOf(read)).toBe(1);
    expect(unreadOf(withMessages(read, [message(1), message(2), message(3)]))).toBe(1);
    expect(unreadOf(withMessages(read, [message(3, true)]))).toBe(0);
  });

  test("an inbox that began anew replaces what was known", () => {
    const dated = (sequence: number, created_at: string) => ({ ...message(sequence), created_at });
    const known = [dated(1, "monday"), dated(2, "monday")];
    expect(withInbox(known, [dated(2, "monday"), dated(3, "tuesday")])).toHaveLength(3);
    expect(withInbox(known, [dated(1, "tuesday")])).toEqual([dated(1, "tuesday")]);
    expect(withInbox(known, [])).toEqual([]);
  });

  test("they stay bounded", () => {
    const many = Array.from({ length: 700 }, (_, i) => message(i + 1));
    const kept = withMessages([], many);
    expect(kept).toHaveLength(500);
    expect(kept.at(-1)?.sequence).toBe(700);
  });
});

test("instants in a message become hours of the reader's clock", () => {
  const message = "Your start at CP-009 is scheduled for 2026-01-10T09:35Z. It holds nothing until then.";
  expect(wordsOf({ message }, (atMs) => `<${new Date(atMs).getUTCHours()}>`)).toBe(
    "Your start at CP-009 is scheduled for <9>. It holds nothing until then.",
  );
});

test("what came before the first message is asked for in hundreds, down to the first of all", () => {
  const from = (sequence: number) => [{ ...({} as Message), sequence }];
  expect(firstGap(from(250))).toEqual({ after: 149, limit: 100 });
  expect(firstGap(from(3))).toEqual({ after: 0, limit: 2 });
  expect(firstGap(from(1))).toBeUndefined();
  expect(firstGap([])).toBeUndefined();
});

describe("the curve", () => {
  const figures = (atMs: number, energyKwh: number) =>
    own(sid, {
      phase: "charging",
      figures_at: new Date(atMs).toISOString(),
      energy_kwh: energyKwh,
      power_kw: 7.2,
    });

  test("only newer figures become a point of it", () => {
    let samples = withSample([], figures(1_000, 0.1));
    samples = withSample(samples, figures(1_000, 0.1));
    samples = withSample(samples, figures(500, 0.05));
    samples = withSample(samples, charging);
    expect(samples).toEqual([{ atMs: 1_000, value: 7.2 }]);
  });

  test("a long session keeps its first and its newest point and stays bounded", () => {
    let samples = withSample([], figures(0, 0));
    for (let n = 1; n < 2_000; n++) samples = withSample(samples, figures(n * 1_000, n / 1_000));
    expect(samples.length).toBeLessThanOrEqual(360);
    expect(samples[0]?.atMs).toBe(0);
    expect(samples.at(-1)?.atMs).toBe(1_999_000);
  });
});
