// The chaos checker must be able to fail: one damage to a good history each, and the violation it has to find.
import { describe, expect, test } from "vitest";
import { judge } from "./checker.ts";
import type { History } from "./history.ts";
import {
  bodies,
  cdr,
  cp,
  driver,
  event,
  fault,
  identity,
  isSilent,
  only,
  restingJournal,
  shows,
  sid,
  smallHistory,
} from "./small-history.ts";

test("a good history has no violation, and its displays were judged", () => {
  const { wrong, judged } = judge(smallHistory());
  expect(wrong).toEqual([]);
  expect(judged).toEqual({ samples: 120, detections: 0 });
});

/** Replaces the event of one number in Kafka and as published. */
function retell(history: History, seq: number, type: string, body: object, mono: number): void {
  const value = event(seq, type, body, mono);
  const entry = history.kafka["cp.events"]?.[seq - 1];
  if (entry) entry.value = value;
  history.published[seq - 1] = [identity(seq), value];
}

const damages: [violation: RegExp, damage: (history: History) => void][] = [
  [
    /^1 .*the untouched engine saw/,
    (h) => Object.assign(only(h.chargers), { meteredRegisterWs: 500 * 3_600 }),
  ],
  [/^2 .*sessions, reviews and orphans are/, (h) => setRegister(h, 351 * 3_600)],
  [/^2 .*Wh billed and/, (h) => Object.assign(only(h.tables.cdrs), { energyWh: 240 })],
  [/^2 .*the charger metered/, (h) => Object.assign(only(h.chargers), { meteredRegisterWs: 350 * 3_600 })],
  [/^3 .*neither bill nor review/, (h) => h.tables.cdrs.splice(0)],
  [/^3 two bills/, (h) => h.tables.cdrs.push(cdr())],
  [/^3 .*is billed but never ended/, (h) => h.tables.cdrs.push({ ...cdr(), sid: "S-CP-001-ffff" })],
  [/^3 .*ended twice/, (h) => addEvent(h, "session.ended", { ...bodies.ended, registerStartWh: 350 })],
  [
    /^3 .*was begun and never closed/,
    (h) => addEvent(h, "answer", { ...bodies.applied, sid: "S-CP-001-aa", cmdId: "c", fence: 2 }),
  ],
  [/^4 .*is billed 250 Wh, 9 cents/, (h) => Object.assign(only(h.tables.cdrs), { amountMinor: 9 })],
  [/^5 .*the relay closed/, (h) => Object.assign(only(only(h.chargers).intervals), { startMono: 1_500 })],
  [
    /^6 .*starts under fence/,
    (h) => addEvent(h, "answer", { ...bodies.applied, sid: "S-CP-001-aa", cmdId: "c", fence: 1 }),
  ],
  [
    /^7 .*was answered applied\/, then busy/,
    (h) => addEvent(h, "answer", { ...bodies.applied, result: "busy" }),
  ],
  [/^7 request k-1 became/, (h) => only(h.asks).sids.push("S-CP-001-other")],
  [/^8 .*was acknowledged but/, (h) => h.acknowledged.push(identity(5))],
  [
    /^8 .*was durable at a kill/,
    (h) => h.journals.push({ ...restingJournal(), killedAtMs: 1, events: [kept(5)] }),
  ],
  [/^9 .*was published but/, (h) => h.published.push([identity(5), "x"])],
  [
    /^10 two payloads/,
    (h) => h.kafka["cp.events"]?.push({ partition: 0, offset: 9, key: cp, value: event(4, "hello", {}, 1) }),
  ],
  [/^10 .*with other bytes/, (h) => h.published.push([identity(4), "x"])],
  [/^10 .*number 5 was due/, (h) => addEvent(h, "hello", {}, 6)],
  [
    /^11 .*was COMPLETED, then CHARGING/,
    (h) => h.glimpses.push({ fromMs: h.quietAtMs, toMs: h.quietAtMs + 5, sid, status: "CHARGING" }),
  ],
  [/^12 .*inbox entry 2 is numbered 3/, (h) => h.tables.inboxes[driver]?.splice(1, 1)],
  [/^12 .*is not theirs/, (h) => Object.assign(h.tables.inboxes[driver]?.[0] ?? {}, { sid: "S-CP-001-b" })],
  [/^12 .*started after it was completed/, (h) => swapInbox(h)],
  [/^12 .*read message 3 as number 2/, (h) => h.read[driver]?.splice(1, 1)],
  [/^12 .*stored is another/, (h) => Object.assign(h.read[driver]?.[1] ?? {}, { message: "other" })],
  [/^13 request k-1 was accepted and is lost/, (h) => h.tables.sessions.splice(0)],
  [/^13 request S-CP-001-0123456789abcdef has no effect/, (h) => h.tables.sessions.splice(0)],
  [/^13 1 records were buried/, (h) => h.tables.deadLetters.push({})],
  [/^14 CP-001 is BROKEN at 20.0 s, and nothing happened/, (h) => shows(h, "BROKEN", 20_000, 21_000)],
  [/^14 CP-001 is unknown, Central is silent at 20.0 s/, (h) => isSilent(h, 20_000, 20_500, false)],
  [/^14 CP-001 is unknown, Central is silent at 29.5 s/, (h) => isSilent(h, 20_000, 30_000, true)],
  [
    /^14 kill ev-cp-e-1 .*CP-001 is ON 7.0 s later/,
    (h) => h.faults.push(fault("kill", "ev-cp-e-1", 40_000, 50_000)),
  ],
  [
    /^14 black-hole ev-cp-m-1 → mqtt .*not DISCONNECTED/,
    (h) => h.faults.push(fault("black-hole", "ev-cp-m-1 → mqtt", 40_000, 50_000)),
  ],
  [
    /^15 .*untouched CP-001: session.ended \(Reboot\)/,
    (h) => retell(h, 4, "session.ended", { ...bodies.ended, reason: "Reboot" }, 34_000),
  ],
  [
    /^15 .*was stopped by nobody/,
    (h) => retell(h, 4, "session.ended", { ...bodies.ended, reason: "Remote" }, 34_000),
  ],
  [/^15 .*flagged interrupted/, (h) => Object.assign(only(h.tables.sessions), { interrupted: true })],
  [/^17 central is 1 behind/, (h) => Object.assign(only(h.offsets), { committed: 3 })],
  [/^17 .*wait in the outbox/, (h) => only(h.journals).events.push(kept(4))],
  [/^17 .*c-1 never answered/, (h) => Object.assign(only(h.tables.cps), { commands: [{ cmdId: "c-1" }] })],
  [/^17 ev-bridge died by itself/, (h) => h.deaths.push({ service: "ev-bridge", atMs: 0, why: "a bug" })],
  [
    /^19 .*journal keeps 61 events/,
    (h) => only(h.journals).events.push(...Array.from({ length: 61 }, () => kept(4))),
  ],
  [
    /^21 .*claim of .* is never released/,
    (h) => Object.assign(only(h.tables.cps), { claim: { sid, state: "finishing" } }),
  ],
  [/^21 .*is still CHARGING/, (h) => Object.assign(only(h.tables.sessions), { rank: "CHARGING" })],
  [/^21 .*is still held by/, (h) => Object.assign(only(h.tables.drivers), { activeSid: sid })],
];

test.each(damages)("a damaged history is found as %s", (violation, damage) => {
  const history = smallHistory();
  damage(history);
  const found = judge(history).wrong.filter((what) => violation.test(what));
  expect(found, judge(history).wrong.join("\n")).not.toEqual([]);
});

describe("what proves nothing", () => {
  test("a device's own fault excuses its session's end, a neighbour's does not", () => {
    const ended = (faultAt: string) => {
      const history = smallHistory();
      retell(history, 4, "session.ended", { ...bodies.ended, reason: "Reboot" }, 34_000);
      history.faults.push({ ...fault("kill", "ev-cp-e-1", 30_000, 33_000), cp: faultAt });
      return judge(history).wrong.filter((what) => what.startsWith("15"));
    };
    expect(ended("CP-001")).toEqual([]);
    expect(ended("CP-002")).toHaveLength(1);
  });

  test("a fault shown in time, as long as it lasts, is counted as a detection", () => {
    const history = smallHistory();
    history.faults.push(fault("kill", "ev-cp-e-1", 20_000, 32_000));
    shows(history, "BROKEN", 23_000, 33_000);
    const { wrong, judged } = judge(history);
    expect(wrong).toEqual([]);
    expect(judged.detections).toBe(1);
  });

  test("while this process itself was late, no time is held against anybody", () => {
    const history = smallHistory();
    history.faults.push(fault("freeze", "ev-cp-e-1", 20_000, 32_000));
    history.lags.push({ atMs: only(history.faults).fromMs + 3_000, lateMs: 800 });
    expect(judge(history)).toMatchObject({ wrong: [], judged: { detections: 0 } });
  });

  test("a look without an answer in time is unknown: no fault is seen in it, and no missing one", () => {
    const history = smallHistory();
    isSilent(history, 2_000, 11_000, true);
    history.faults.push(fault("kill", "ev-cp-e-1", 20_000, 32_000));
    shows(history, "BROKEN", 23_000, 33_000);
    isSilent(history, 27_000, 30_000, true);
    const { wrong, judged } = judge(history);
    expect(wrong).toEqual([]);
    expect(judged).toEqual({ samples: 53, detections: 1 });
    isSilent(history, 20_000, 33_000, true);
    expect(judge(history)).toMatchObject({ wrong: [], judged: { detections: 0 } });
  });

  test("a silence that a fault of a server brings about is counted from when that is felt no more", () => {
    const silence = (untilMs: number) => {
      const history = smallHistory();
      history.faults.push({ ...fault("kill", "ev-central", 5_000, 8_000), cp: null });
      isSilent(history, 5_000, untilMs, true);
      return judge(history).wrong;
    };
    expect(silence(29_000)).toEqual([]);
    expect(silence(32_000)).toEqual([expect.stringContaining("Central is silent")]);
  });

  test("a request without an answer may or may not have been one", () => {
    const history = smallHistory();
    history.asks.push({ driver, cp, key: "k-2", sids: [], answer: "unknown" });
    expect(judge(history).wrong).toEqual([]);
  });

  test("two looks at once may come back in any order", () => {
    const history = smallHistory();
    const { fromMs, toMs } = history.glimpses[1] ?? { fromMs: 0, toMs: 0 };
    history.glimpses.push({ fromMs: fromMs - 5, toMs: toMs + 5, sid, status: "PENDING" });
    expect(judge(history).wrong).toEqual([]);
  });

  test("an engine whose disk is full may end itself", () => {
    const history = smallHistory();
    history.faults.push({ ...fault("disk-full", cp, 10_000, 20_000) });
    history.deaths.push({ service: "ev-cp-e-1", atMs: only(history.faults).fromMs + 500, why: "no room" });
    expect(judge(history).wrong).toEqual([]);
  });

  test("relay closed without a session is an orphan that was told, or a violation", () => {
    const history = smallHistory();
    Object.assign(only(only(history.chargers).intervals), { startMono: 900 });
    expect(judge(history).wrong).toEqual([]);
  });
});

function setRegister(history: History, registerWs: number): void {
  const { state } = only(history.journals);
  if (state) state.register.registerWs = registerWs;
}

/** One more event after the four, number 5 unless told otherwise. */
function addEvent(history: History, type: string, body: object, seq = 5): void {
  history.kafka["cp.events"]?.push({
    partition: 0,
    offset: 8,
    key: cp,
    value: event(seq, type, body, 36_000),
  });
}

function kept(seq: number) {
  return { epoch: 1, seq, acked: false, parked: false, payload: "x" };
}

function swapInbox(history: History): void {
  const entries = history.tables.inboxes[driver] ?? [];
  const [started, completed] = [entries[1], entries[2]];
  if (!started || !completed) return;
  [started.event, completed.event] = [completed.event, started.event];
}
