// When a bill is right: once, the formula, and the charger's own meter.
import { expect, test } from "vitest";
import { type Bill, billFaults } from "../../../simulator/scenarios/bill.ts";

const bill: Bill = {
  energyWh: 1_999,
  registerWh: 1_999,
  priceEurPerKwh: 0.45,
  costEur: 0.9,
  reason: "Remote",
};

test("a bill that agrees with register, price and meter has no fault", () => {
  expect(billFaults(bill, 1_999.3, 1)).toEqual([]);
});

test.each([
  ["none", bill, 1_999.3, 0, "billed 0 times"],
  ["two", bill, 1_999.3, 2, "billed 2 times"],
  [
    "another energy than the register's",
    { ...bill, registerWh: 1_990 },
    1_999.3,
    1,
    "the register grew by 1990 Wh",
  ],
  ["a cent too much", { ...bill, costEur: 0.91 }, 1_999.3, 1, "costs 91 cents, energy × price is 90 cents"],
  ["energy that never flowed", bill, 1_990, 1, "the charger's meter counted 1990.0 Wh"],
  ["energy that flowed unbilled", bill, 2_010, 1, "the charger's meter counted 2010.0 Wh"],
])("%s is a fault", (_what, wrong, metered, times, told) => {
  expect(billFaults(wrong, metered, times).join()).toContain(told);
});

test("what a box forgot before anybody read it may be missing, never added", () => {
  expect(billFaults(bill, 2_010, 1, 20)).toEqual([]);
  expect(billFaults(bill, 1_990, 1, 20)).toHaveLength(1);
});

test("cents are rounded half up, once", () => {
  expect(
    billFaults({ ...bill, energyWh: 50, registerWh: 50, priceEurPerKwh: 0.3, costEur: 0.02 }, 50, 1),
  ).toEqual([]);
});
