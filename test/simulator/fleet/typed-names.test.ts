// What a person may type for a charge point, a driver, a port or an amount, and what is refused with which advice.
import { describe, expect, test } from "vitest";
import {
  amountIn,
  cpIdsIn,
  cpNumberIn,
  driverIdIn,
  driversIn,
} from "../../../simulator/fleet/typed-names.ts";

describe("charge points", () => {
  test.each([
    ["11", ["CP-011"]],
    ["10", ["CP-010"]],
    ["011", ["CP-011"]],
    ["CP-11", ["CP-011"]],
    ["cp-011", ["CP-011"]],
    ["ev-cp-e-11", ["CP-011"]],
    ["ev-cp-m-11", ["CP-011"]],
    ["ev-charger-11", ["CP-011"]],
    ["1234", ["CP-1234"]],
    ["11..13", ["CP-011", "CP-012", "CP-013"]],
    ["CP-011..CP-012", ["CP-011", "CP-012"]],
    ["20,11,14", ["CP-020", "CP-011", "CP-014"]],
    ["11..12,12,20", ["CP-011", "CP-012", "CP-020"]],
  ])("%s is %j", (typed, ids) => {
    expect(cpIdsIn(typed)).toEqual(ids);
  });

  test.each([
    ["0", /"0" is no charge point: type its number from 1 to 99999/],
    ["-3", /"-3" is no charge point/],
    ["1.5", /"1.5" is no charge point/],
    ["abc", /"abc" is no charge point/],
    ["100000", /"100000" is no charge point/],
    ["11,,12", /"" in 11,,12 is no charge point/],
    ["15..11", /15\.\.11: a range goes from the lower/],
    ["11..12..13", /a range goes from/],
    ["1..5000", /at most 1000 charge points at once/],
    ["<b>", /is no charge point/],
  ])("%s is refused: %s", (typed, message) => {
    expect(() => cpIdsIn(typed)).toThrow(message);
  });

  test("a driver's name has no number of a charge point", () => {
    expect(cpNumberIn("driver-7")).toBeUndefined();
    expect(cpNumberIn("ev-driver-7")).toBeUndefined();
  });
});

describe("drivers", () => {
  test.each(["frank", "Frank", "driver-frank", "ev-driver-frank", "EV-Driver-Frank"])("%s", (typed) => {
    expect(driverIdIn(typed)).toBe("driver-frank");
  });

  test.each(["", "9lives", "a b", "x".repeat(25), "../etc", "<script>"])("%j is refused", (typed) => {
    expect(() => driverIdIn(typed)).toThrow(/is no driver's name/);
  });

  test("a number is the port of the name before it", () => {
    expect(driversIn(["frank", "8105", "grace", "henry", "8110"])).toEqual([
      { id: "driver-frank", port: 8105 },
      { id: "driver-grace", port: undefined },
      { id: "driver-henry", port: 8110 },
    ]);
    expect(driversIn(["frank,grace"]).map(({ id }) => id)).toEqual(["driver-frank", "driver-grace"]);
  });

  test.each([
    [["8105"], /"8105" follows no driver's name/],
    [["frank", "8105", "8106"], /"8106" follows no driver's name/],
    [["frank", "0"], /"0" is no port/],
    [["frank", "70000"], /"70000" is no port/],
    [["frank", "-1"], /"-1" is no port/],
    [["frank", "driver-frank"], /driver-frank is named twice/],
    [["frank", "8105", "grace", "8105"], /driver-frank and driver-grace cannot both have port 8105/],
  ])("%j is refused", (words, message) => {
    expect(() => driversIn(words)).toThrow(message);
  });
});

describe("amounts", () => {
  test.each([
    ["75", 75],
    ["75.0", 75],
    ["150.0", 150],
    ["0.38", 0.38],
    [".5", 0.5],
  ])("%s", (typed, value) => {
    expect(amountIn(typed, "power", 0, 1_000, "kW")).toBe(value);
  });

  test.each(["0,38", "fast", "1e3", "-5", "1001", "NaN", "Infinity", "0x10", ""])(
    "%j is refused",
    (typed) => {
      expect(() => amountIn(typed, "power", 0, 1_000, "kW")).toThrow(
        `power "${typed}": a number from 0 to 1000 kW is wanted`,
      );
    },
  );
});
