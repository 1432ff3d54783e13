// The register: what resets of the charger's counter can and cannot do to it.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  advance,
  emptyRegister,
  type Register,
  registerWh,
} from "../../../device-agent/charger/register.rules.ts";

const readAs = (start: Register, ...sessionWs: number[]) => sessionWs.reduce(advance, start);

describe("the register", () => {
  test("takes the first counter as its base, for what flowed before is not known to be ours", () => {
    expect(readAs(emptyRegister, 50_000)).toEqual({ registerWs: 0, lastSessionWs: 50_000 });
  });

  test("grows with the session counter", () => {
    expect(readAs(emptyRegister, 0, 824, 4_039, 7_353).registerWs).toBe(7_353);
  });

  test("counts a counter that fell as energy since the reset, never as negative energy", () => {
    expect(readAs(emptyRegister, 0, 26_628, 8_936, 13_051).registerWs).toBe(26_628 + 13_051);
  });

  test("does not count the last session again while its counter stays readable, nor when the next plug-in zeroes it", () => {
    expect(readAs(emptyRegister, 0, 51_862, 51_862, 51_862, 0, 11_264).registerWs).toBe(51_862 + 11_264);
  });

  test("counts what the charger gave while the engine was away", () => {
    const persisted = { registerWs: 1_000_000, lastSessionWs: 40_000 };
    expect(readAs(persisted, 90_000).registerWs).toBe(1_050_000);
  });

  test("counts what is shown when the charger was reset while the engine was away", () => {
    const persisted = { registerWs: 1_000_000, lastSessionWs: 40_000 };
    expect(readAs(persisted, 15_000).registerWs).toBe(1_015_000);
  });

  test("counts the excess alone when the reset is hidden by what flowed after it", () => {
    const persisted = { registerWs: 1_000_000, lastSessionWs: 40_000 };
    expect(readAs(persisted, 65_000).registerWs).toBe(1_025_000);
  });

  test("starts from a new base once the counter is declared unknown", () => {
    expect(readAs({ registerWs: 7_200, lastSessionWs: null }, 99_999, 100_000).registerWs).toBe(7_201);
  });

  test("rounds down to whole watt-hours", () => {
    expect(registerWh({ registerWs: 7_199, lastSessionWs: 0 })).toBe(1);
  });

  test.each([Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY])("refuses a counter of %s", (sessionWs) => {
    expect(() => advance(emptyRegister, sessionWs)).toThrow(RangeError);
  });
});

/** What can happen to a charger between two readings, and whether the agent looked in between. */
const happening = fc.oneof(
  { weight: 6, arbitrary: fc.record({ is: fc.constant("flow" as const), ws: fc.nat(50_000) }) },
  { weight: 4, arbitrary: fc.constant({ is: "look" as const }) },
  { weight: 1, arbitrary: fc.constant({ is: "reset" as const }) },
);

test("whatever happens, the register never falls, never exceeds the true energy, and lacks only what resets hid", () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), (story) => {
      let register = advance(emptyRegister, 0);
      let counterWs = 0;
      let trueWs = 0;
      let hiddenWs = 0;
      let resetSinceLook = false;
      let seenWs = 0;
      for (const event of [...story, { is: "look" as const }]) {
        if (event.is === "flow") {
          counterWs += event.ws;
          trueWs += event.ws;
        } else if (event.is === "reset") {
          // Lost for every observer: what came after the last look, or after the reset before this one.
          hiddenWs += resetSinceLook ? counterWs : counterWs - seenWs;
          counterWs = 0;
          resetSinceLook = true;
        } else {
          // A reset nobody can tell from growth hides as much as the counter had shown.
          if (resetSinceLook && counterWs >= seenWs) hiddenWs += seenWs;
          const before = register.registerWs;
          register = advance(register, counterWs);
          expect(register.registerWs).toBeGreaterThanOrEqual(before);
          expect(register.registerWs).toBe(trueWs - hiddenWs);
          seenWs = counterWs;
          resetSinceLook = false;
        }
      }
    }),
    { numRuns: 500 },
  );
});
