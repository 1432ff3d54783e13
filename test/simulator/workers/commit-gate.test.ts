// What follows from a commit waits until the commit is durable, in order.
import { expect, test } from "vitest";
import { openCommitGate } from "../../../simulator/workers/commit-gate.ts";
import { eventually } from "../../support/live-fleet.ts";

test("an effect passes at once while nothing waits for the disk", () => {
  const gate = openCommitGate();
  const done: string[] = [];
  gate.pass(() => done.push("a"));
  expect(done).toEqual(["a"]);
});

test("effects wait behind the group and keep their order, also past a group that one of them begins", async () => {
  const gate = openCommitGate();
  const done: string[] = [];
  const begin = (name: string) => gate.group.begin(() => done.push(`${name} durable`));
  begin("first");
  gate.pass(() => done.push("a"));
  gate.pass(() => {
    done.push("b");
    begin("second");
  });
  gate.pass(() => done.push("c"));
  expect(done).toEqual([]);
  await eventually("both groups durable", () => done.length === 5 || undefined, 5_000);
  expect(done).toEqual(["first durable", "a", "b", "second durable", "c"]);
});
