// Random lives of an engine: starts, stops, repeats, fences, expiries, cars, faults, and a death between any two of
// its effects. Whatever comes, each command has one answer and each watt-hour one place.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Command } from "../../wire/messages/index.ts";
import { start, stop } from "../support/engine-story.ts";
import { EngineWorld } from "./engine-world.ts";

interface Step {
  run(world: EngineWorld): void;
  /** For the counterexample. */
  [fc.toStringMethod](): string;
}

const step = (name: string, run: Step["run"]): Step => ({ run, [fc.toStringMethod]: () => name });

const startStep = fc
  .record({
    n: fc.integer({ min: 1, max: 9 }),
    fresh: fc.constantFrom(true, true, true, false),
    ttlMs: fc.constantFrom(500, 5_000, 3_600_000, 3_600_000),
    limit: fc.option(fc.record({ energyWh: fc.integer({ min: 1, max: 5 }) }), { nil: undefined }),
    freeBytes: fc.constantFrom(10, 1e9, 1e9, 1e9),
  })
  .map((how) =>
    step(`start ${JSON.stringify(how)}`, (world) => {
      const { n, fresh, ttlMs, limit, freeBytes } = how;
      const known = world.commands.find(({ cmdId }) => cmdId === `start-${n}`);
      // Central never gives out an id twice with another content, nor a fence twice.
      if (known) return world.command(known, freeBytes);
      world.fence += 2;
      const fence = fresh ? world.fence : Math.max(0, world.fence - 3);
      const echo = { boot: world.boot, mono: world.mono };
      world.command(
        start(n, fence, { echo, ttlMs, plugInTimeoutS: 30, ...(limit ? { limit } : {}) }),
        freeBytes,
      );
    }),
  );

const stopStep = fc
  .record({ n: fc.integer({ min: 1, max: 9 }), why: fc.constantFrom("stop", "unknown") })
  .map(({ n, why }) => step(`${why} ${n}`, (world) => world.command(stop(n, `${why}-${n}`))));

const serviceStep = fc
  .record({ op: fc.constantFrom("stop-cp", "resume-cp", "resume-cp"), n: fc.nat(5) })
  .map(({ op, n }) =>
    step(`${op} ${n}`, (world) => world.command({ ...stop(0), op, cmdId: `${op}-${n}` } as Command)),
  );

const passStep = fc
  .tuple(fc.constantFrom(1, 1, 1, 1, 2, 10, 70), fc.constantFrom(false, false, true))
  .map(([seconds, late]) =>
    step(`pass ${seconds}${late ? ", obeyed late" : ""}`, (world) => world.pass(seconds, late)),
  );

const plugStep = fc
  .integer({ min: 1_000, max: 90_000 })
  .map((ws) => step(`plug ${ws}`, ({ box }) => box.plug(ws)));

const dieStep = fc.nat(6).map((left) =>
  step(`die after ${left} effects`, (world) => {
    world.effectsLeft = left;
  }),
);

const others = fc.constantFrom(
  step("unplug", ({ box }) => box.unplug()),
  step("kill", (world) => world.kill()),
  step("reboot", (world) => world.reboot()),
  step("power cycle", (world) => world.powerCycle()),
  step("counter reset", ({ box }) => {
    box.sessionWs = 0;
  }),
  step("another car unseen", (world) => {
    world.line(false);
    world.box.unplug();
    world.box.plug(40_000);
    world.pass(10);
    world.line(true);
  }),
  step("pilot glitch", ({ box }) => box.glitch()),
  step("fault", ({ box }) => {
    box.fault = true;
  }),
  step("fault gone", ({ box }) => {
    box.fault = false;
  }),
  step("disk full", (world) => {
    world.diskFull = true;
  }),
  step("disk has room", (world) => {
    world.diskFull = false;
  }),
  step("line down", (world) => world.line(false)),
  step("line up", (world) => world.line(true)),
  step("terminate", (world) => world.input({ is: "terminate" })),
);

/** The engine is there, read its charger and knows its fence floor. */
const welcomed = fc.constant(
  step("welcomed", (world) => {
    world.start();
    world.pass(1);
    world.welcome(world.fence);
  }),
);

/** Nobody is there, nothing is wrong: the next start begins a session. */
const quiet = fc.constant(
  step("quiet", (world) => {
    world.start();
    world.line(true);
    world.box.fault = false;
    world.box.unplug();
    for (let n = 0; n < 4; n++) world.pass(1);
    world.welcome(world.fence);
  }),
);

const life = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: quiet },
    { weight: 6, arbitrary: startStep },
    { weight: 2, arbitrary: stopStep },
    { weight: 1, arbitrary: serviceStep },
    { weight: 12, arbitrary: passStep },
    { weight: 5, arbitrary: plugStep },
    { weight: 2, arbitrary: dieStep },
    { weight: 5, arbitrary: others },
    { weight: 6, arbitrary: welcomed },
  ),
  { minLength: 10, maxLength: 60, size: "max" },
);

test.each(["close", "resume"] as const)(
  "whatever happens (policy %s): one answer per command, one session at a time, no watt-hour lost or counted twice",
  (policy) => {
    let sessions = 0;
    fc.assert(
      fc.property(life, (steps) => {
        const world = new EngineWorld(policy);
        for (const { run } of steps) run(world);
        world.heal();
        expect(world.wrong).toEqual([]);
        sessions += world.events.filter((event) => event.type === "session.ended").length;
      }),
      { numRuns: 2_500 },
    );
    expect(sessions, "the lives are lively enough to prove something").toBeGreaterThan(500);
  },
);
