// How often and how long a store is tried again.
import { setTimeout as pause } from "node:timers/promises";
import { expect, it } from "vitest";
import { type Attempt, type RetryLimits, retrying } from "../../../central-fn/tables/retry.ts";

const limits: RetryLimits = { attempts: 4, firstPauseMs: 1, longestPauseMs: 2, lastAfterMs: 10_000 };

function tried(limits: RetryLimits, attempt: (n: number) => Promise<Attempt<string>>) {
  let n = 0;
  const done = retrying(
    limits,
    () => attempt(++n),
    (because) => new Error(`exhausted: ${because}`),
  );
  return done.then(
    (value) => [n, value],
    (error: Error) => [n, error.message],
  );
}
const again: Attempt<string> = { is: "again", because: "busy" };

it("a store that refuses is tried again until it settles, or the attempts are used up", async () => {
  const settles = async (n: number): Promise<Attempt<string>> =>
    n < 3 ? again : { is: "settled", value: "done" };
  expect(await tried(limits, settles)).toEqual([3, "done"]);
  expect(await tried(limits, async () => again)).toEqual([4, "exhausted: busy"]);
});

it("a store that is silent is not tried again once its time is over, however many attempts are left", async () => {
  const silent = async () => {
    await pause(30);
    return again;
  };
  const [attempts, outcome] = await tried({ ...limits, attempts: 100, lastAfterMs: 40 }, silent);
  expect(outcome).toBe("exhausted: busy");
  expect(attempts).toBeLessThanOrEqual(2);
});
