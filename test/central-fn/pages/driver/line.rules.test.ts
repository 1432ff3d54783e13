// What is said of the connection, and how an offer's time runs out.
import { expect, test } from "vitest";
import { countdown, lineOf } from "../../../../central-fn/pages/driver/line.rules.ts";

const fine = { freshAtMs: 5, trouble: undefined };
const never = { freshAtMs: undefined, trouble: undefined };
const away = (sinceMs: number) => ({
  freshAtMs: 5,
  trouble: { is: "unreachable" as const, sinceMs, detail: "" },
});

test("who is away is said: the phone before the network behind it", () => {
  expect(lineOf(fine, fine)).toEqual({ is: "up" });
  expect(lineOf(fine, away(7))).toEqual({ is: "network-away", sinceMs: 7 });
  expect(lineOf(away(9), away(7))).toEqual({ is: "phone-away", sinceMs: 9 });
  expect(lineOf(fine, never)).toEqual({ is: "connecting" });
});

test("a refusal is an answer: the line is up", () => {
  const refused = { freshAtMs: 5, trouble: { is: "refused" as const, status: 401, detail: "" } };
  expect(lineOf(fine, refused)).toEqual({ is: "up" });
});

test("a countdown shows every begun second and ends at zero", () => {
  expect(countdown(300_000, 0)).toBe("5:00");
  expect(countdown(300_000, 1)).toBe("5:00");
  expect(countdown(300_000, 299_001)).toBe("0:01");
  expect(countdown(300_000, 300_000)).toBe("0:00");
  expect(countdown(300_000, 999_999)).toBe("0:00");
  expect(countdown(7_200_000, 0)).toBe("2:00:00");
});
