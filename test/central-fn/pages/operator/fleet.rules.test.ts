// The fleet on the page: what changes make of it, what filters show, how it is grouped and counted.
import { describe, expect, it } from "vitest";
import { chargePointDetail } from "../../../../central-fn/api/charge-point-detail.view.ts";
import {
  compareIds,
  groupsOf,
  kindOf,
  snapshotOf,
  totalsOf,
  type Wanted,
  withChange,
} from "../../../../central-fn/pages/operator/fleet.rules.ts";
import { cpRow } from "../../api/central.ts";

const point = (id: string, change: object = {}) => ({
  ...chargePointDetail({ cp: cpRow(id), session: undefined, live: undefined, feed: undefined }, true),
  state: "ON" as const,
  ...change,
});
const telemetry = { kw: 10, kwh: 1, euros: 0.3, session_id: "S-CP-1-0000000000000001" };
const fleet = snapshotOf([
  point("CP-10", { city: "Málaga", state: "BROKEN" }),
  point("CP-2", { city: "Málaga", engine_state: "SUPPLYING", telemetry, current_driver: "driver-alice" }),
  point("CP-1", { city: "Alicante", state: "DISCONNECTED" }),
  point("CP-3", { city: null, in_service: false }),
]);
const wanted: Wanted = { show: "all", text: "", connector: "", group: "place" };
const shown = (more: Partial<Wanted>) =>
  groupsOf(fleet, { ...wanted, ...more }).map(({ name, points }) => [
    name,
    ...points.map(({ cp_id }) => cp_id),
  ]);

describe("events", () => {
  it("change the fields that they name, and leave the other points the objects they were", () => {
    const next = withChange(fleet, {
      charging_points: [{ cp_id: "CP-2", telemetry: null }],
      removed: ["CP-1"],
    });
    expect(next.get("CP-2")).toEqual({ ...fleet.get("CP-2"), telemetry: null });
    expect(next.get("CP-10")).toBe(fleet.get("CP-10"));
    expect([...next.keys()]).toEqual(["CP-2", "CP-3", "CP-10"]);
    expect(withChange(fleet, { charging_points: [], removed: [] })).toBe(fleet);
  });

  it("bring new points to their place in the order, and no halves of unknown ones", () => {
    const next = withChange(fleet, {
      charging_points: [point("CP-4"), { cp_id: "CP-5", state: "ON" }],
      removed: [],
    });
    expect([...next.keys()]).toEqual(["CP-1", "CP-2", "CP-3", "CP-4", "CP-10"]);
  });
});

describe("the list", () => {
  it("is grouped by place, the unknown one last, ids in the order of their numbers", () => {
    expect(shown({})).toEqual([
      ["Alicante", "CP-1"],
      ["Málaga", "CP-2", "CP-10"],
      ["", "CP-3"],
    ]);
    expect(compareIds("CP-9", "CP-10")).toBeLessThan(0);
  });

  it("is grouped by status, the worst first", () => {
    expect(shown({ group: "status" }).map(([name]) => name)).toEqual([
      "broken",
      "disconnected",
      "stopped",
      "charging",
    ]);
  });

  it("is filtered by what is wrong, by connector, and by words without accents", () => {
    expect(shown({ show: "broken" })).toEqual([["Málaga", "CP-10"]]);
    expect(shown({ show: "charging", text: "MALAGA" })).toEqual([["Málaga", "CP-2"]]);
    expect(shown({ text: "alice" })).toEqual([["Málaga", "CP-2"]]);
    expect(shown({ text: "malaga alicante" })).toEqual([]);
    expect(shown({ connector: "CCS2" })).toEqual([]);
  });
});

describe("the figures", () => {
  it("count each state once, and those that charge beside", () => {
    expect(totalsOf(fleet.values())).toEqual({
      total: 4,
      on: 2,
      charging: 1,
      broken: 1,
      disconnected: 1,
      stopped: 1,
      attention: 0,
      kw: 10,
    });
  });

  it.each([
    [{ state: "BROKEN", engine_state: "SUPPLYING" }, "broken"],
    [{ state: "DISCONNECTED", in_service: false }, "disconnected"],
    [{ engine_state: "SUPPLYING" }, "charging"],
    [{ engine_state: "SUPPLYING", needs_attention: "cloned device?" }, "stopped"],
    [{ in_service: false }, "stopped"],
    [{}, "on"],
  ])("%j is %s: what is worse hides what is better", (change, kind) => {
    expect(kindOf(point("CP-1", change))).toBe(kind);
  });
});
