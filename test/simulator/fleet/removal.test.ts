// Who is meant by a name on the command line of `ev remove`, and what is dynamic.
import { describe, expect, test } from "vitest";
import { newCpFile, newDriverFile } from "../../../simulator/fleet/additions.ts";
import { baseFleet } from "../../../simulator/fleet/base-fleet.ts";
import { dynamicMembers, membersMeant } from "../../../simulator/fleet/removal.ts";

const fleet = baseFleet();
for (const n of [11, 12, 13]) fleet.cps.push(newCpFile(`CP-0${n}`));
fleet.drivers.push(newDriverFile("driver-frank", 8105, fleet));

describe("members", () => {
  test.each([
    [["11"], ["CP-011"]],
    [["CP-011", "cp-11", "ev-cp-e-11", "ev-cp-m-11", "ev-charger-11"], ["CP-011"]],
    [["11..13"], ["CP-011", "CP-012", "CP-013"]],
    [["frank"], ["driver-frank"]],
    [["Driver-Frank", "ev-driver-frank"], ["driver-frank"]],
    [
      ["alice", "3", "12,13"],
      ["driver-alice", "CP-003", "CP-012", "CP-013"],
    ],
  ])("%j means %j", (words, ids) => {
    expect(membersMeant(words, fleet)).toEqual(ids);
  });

  test.each([
    [["14"], /there is no CP-014/],
    [["11..14"], /there is no CP-014/],
    [["franc"], /no charge point or driver franc: did you mean frank/],
    [["ev-kafka"], /ev-kafka is part of every fleet and stays: `ev stop ev-kafka`/],
    [["central"], /central is part of every fleet/],
    [["<b>"], /no charge point or driver <b>/],
  ])("%j is refused", (words, message) => {
    expect(() => membersMeant(words, fleet)).toThrow(message);
  });
});

test("dynamic is what the base fleet has not", () => {
  expect(dynamicMembers(fleet)).toEqual(["CP-011", "CP-012", "CP-013", "driver-frank"]);
  expect(dynamicMembers(baseFleet())).toEqual([]);
});
