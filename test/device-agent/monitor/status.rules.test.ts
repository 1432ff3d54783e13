import { expect, test } from "vitest";
import {
  changed,
  connected,
  handedOver,
  isDue,
  settled,
  statusFrom,
} from "../../../device-agent/monitor/status.rules.ts";

test("beats come at the interval in their own phase, whatever else is told in between", () => {
  let state = statusFrom(1_300);
  const sent: number[] = [];
  for (let nowMs = 0; nowMs < 10_000; nowMs += 10) {
    if (nowMs === 4_000) state = changed(state, "fault");
    if (!isDue(state, nowMs)) continue;
    sent.push(nowMs);
    state = settled(handedOver(state, nowMs, 2_000), state.owed, true).state;
  }
  expect(sent).toEqual([1_300, 3_300, 4_000, 5_300, 7_300, 9_300]);
});

test("a notice is owed until a report that carries it was taken", () => {
  let state = handedOver(changed(statusFrom(0), "fault"), 10, 2_000);
  const lost = settled(state, "fault", false);
  expect(lost.told).toBeNull();
  state = connected(lost.state);
  expect(isDue(state, 20)).toBe(true);
  const heard = settled(handedOver(state, 20, 2_000), state.owed, true);
  expect(heard.told).toBe("fault");
  expect(settled(handedOver(heard.state, 30, 2_000), heard.state.owed, true).told).toBeNull();
});

test("an older report that was taken late does not settle a newer notice", () => {
  let state = handedOver(changed(statusFrom(0), "fault"), 10, 2_000);
  state = handedOver(changed(state, "restoration"), 20, 2_000);
  const old = settled(state, "fault", true);
  expect(old).toMatchObject({ told: null, state: { owed: "restoration", flying: 1 } });
  expect(settled(old.state, "restoration", true).told).toBe("restoration");
});

test("while a report is unsettled beats are left out, a change is not", () => {
  const state = handedOver(statusFrom(0), 0, 2_000);
  expect(isDue(state, 9_000)).toBe(false);
  expect(isDue(changed(state, "fault"), 9_000)).toBe(true);
  expect(handedOver(state, 9_000, 2_000).beatMs).toBe(10_000);
});
