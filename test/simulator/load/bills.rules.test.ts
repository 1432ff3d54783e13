// Bills against the chargers' books.
import { describe, expect, test } from "vitest";
import { checkBills } from "../../../simulator/load/bills.rules.ts";

const bill = (sid: string, cp: string, energyWh: number) => ({ sid, cp, energyWh });
const books = (cp: string, served: number, wh: number) => ({ cp, served, meteredWs: wh * 3_600 });

describe("bills", () => {
  test("one for each car, with its energy to the whole Wh", () => {
    const check = checkBills([bill("a", "CP-001", 99), bill("b", "CP-001", 50)], [books("CP-001", 2, 150.2)]);
    expect(check).toMatchObject({ bills: 2, served: 2, billedWh: 149, meteredWh: 150, differences: [] });
  });

  test.each([
    ["one is missing", [], "CP-001: 1 cars got energy, 0 bills"],
    [
      "one is too many",
      [bill("a", "CP-001", 50), bill("b", "CP-001", 50)],
      "CP-001: 1 cars got energy, 2 bills",
    ],
    ["the energy differs", [bill("a", "CP-001", 90)], "CP-001: 90 Wh billed, 100.0 Wh metered"],
  ])("%s", (_, bills, line) => {
    expect(checkBills(bills, [books("CP-001", 1, 100)]).differences).toEqual([line]);
  });

  test("a session is billed twice, where another one is billed never", () => {
    const twice = checkBills([bill("a", "CP-001", 50), bill("a", "CP-001", 50)], [books("CP-001", 2, 100)]);
    expect(twice.differences).toEqual(["1 bills are for sessions that have another one"]);
  });

  test("a charge point without cars and bills is no difference", () => {
    expect(checkBills([], [books("CP-001", 0, 0)]).differences).toEqual([]);
  });
});
