// What comes first of a driver's running things, and what a charging point offers him beside them.
import { expect, test } from "vitest";
import { occupying, runningOf } from "../../../../central-fn/pages/driver/now.rules.ts";
import { offerOf } from "../../../../central-fn/pages/driver/point.rules.ts";
import { own, sidAt } from "./own.ts";

const charging = own(sidAt("CP-001", 1), { phase: "charging", status: "CHARGING" });
const lost = own(sidAt("CP-002", 1), { phase: "charging", status: "CHARGING", interrupted: true });
const second = own(sidAt("CP-003", 1), { phase: "queued", queue_position: 2 });
const first = own(sidAt("CP-004", 1), { phase: "queued", queue_position: 1 });
const offered = own(sidAt("CP-005", 1), { phase: "offered", queue_position: 1 });
const evening = own(sidAt("CP-006", 1), { phase: "scheduled", preferred_start: "2026-01-10T19:00:00Z" });
const noon = own(sidAt("CP-007", 1), { phase: "scheduled", preferred_start: "2026-01-10T12:00:00Z" });
const over = own(sidAt("CP-008", 1), { phase: "billed", status: "COMPLETED" });

test("an offer comes before what flows, what flows before what is not heard, then lines, then hours", () => {
  const all = [evening, second, lost, over, noon, first, charging, offered];
  expect(runningOf(all).map(({ cp_id }) => cp_id)).toEqual([
    "CP-005",
    "CP-001",
    "CP-002",
    "CP-004",
    "CP-003",
    "CP-007",
    "CP-006",
  ]);
});

test("a session that is not heard, a place in line and an hour occupy nobody", () => {
  expect(occupying([lost, second, offered, evening])).toBeUndefined();
  expect(occupying([lost, charging])).toBe(charging);
});

test.each([
  ["FREE", [], { may: "start" }],
  ["FREE", [lost, second], { may: "start" }],
  ["FREE", [charging], { may: "schedule", because: "own-session" }],
  ["OCCUPIED", [charging], { may: "wait" }],
  ["OFFLINE", [], { may: "schedule", because: "offline" }],
  ["STOPPED", [], { may: "schedule", because: "stopped" }],
] as const)("at a point that is %s", (status, sessions, offer) => {
  expect(offerOf({ cp_id: "CP-009", status }, sessions)).toEqual(offer);
});

test("where the driver waits already, that is shown instead of a second request", () => {
  expect(offerOf({ cp_id: "CP-003", status: "OCCUPIED" }, [charging, second])).toEqual({
    may: "show",
    sid: second.session_id,
  });
  expect(offerOf({ cp_id: "CP-008", status: "FREE" }, [over])).toEqual({ may: "start" });
});
