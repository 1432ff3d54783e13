import { expect, test } from "vitest";
import type { ProbeOutcome } from "../../../device-agent/health/health-client.ts";
import type { HealthReply } from "../../../device-agent/health/protocol.ts";
import {
  decide,
  evolve,
  type HealthState,
  nextProbeMs,
  unknownHealth,
} from "../../../device-agent/monitor/rules.ts";

const well: HealthReply = {
  epoch: 1,
  tickAgeMs: 10,
  journalWritable: true,
  chargerHeardMs: 500,
  operative: true,
  sid: null,
};
const good: ProbeOutcome = { is: "reply", reply: well };
const gone: ProbeOutcome = { is: "no-answer", why: "engine not running" };
const reply = (change: Partial<HealthReply>): ProbeOutcome => ({
  is: "reply",
  reply: { ...well, ...change },
});

/** Runs probes (outcome, milliseconds since the one before, lag) and tells each one's facts as words. */
function run(state: HealthState, probes: [ProbeOutcome, number?, number?][]): [string[], HealthState] {
  const words: string[] = [];
  let atMs = 50_000;
  for (const [outcome, sinceMs = 1_000, lagMs = 0] of probes) {
    atMs += sinceMs;
    const facts = decide(state, { atMs, lagMs, outcome }, 1_000);
    state = facts.reduce(evolve, state);
    words.push(facts.map((f) => ("count" in f ? `${f.fact} ${f.count}` : f.fact)).join(", "));
  }
  return [words, state];
}
const ok = run(unknownHealth, [[good], [good]])[1];
const ko = run(ok, [[gone], [gone], [gone]])[1];

test("KO after three bad probes in a row, OK after two good ones", () => {
  const [words, state] = run(ok, [[gone], [gone], [gone], [gone], [good], [gone], [good], [good], [good]]);
  expect(words).toEqual([
    "strike 1",
    "strike 2",
    "strike 3, fault",
    "bad",
    "good 1",
    "bad",
    "good 1",
    "good 2, restored",
    "good 2",
  ]);
  expect(state.verdict).toBe("OK");
});

test("a good probe in between makes strikes count anew", () => {
  const [words] = run(ok, [[gone], [gone], [good], [gone], [gone], [gone]]);
  expect(words).toEqual(["strike 1", "strike 2", "good 1", "strike 1", "strike 2", "strike 3, fault"]);
});

test.each<[string, ProbeOutcome, string | null]>([
  ["all well", good, null],
  ["loop just in time", reply({ tickAgeMs: 1_999 }), null],
  ["loop stands still", reply({ tickAgeMs: 2_000 }), "engine loop stands still"],
  ["journal full", reply({ journalWritable: false }), "journal not writable"],
  ["charger just heard", reply({ chargerHeardMs: 9_999 }), null],
  ["charger silent", reply({ chargerHeardMs: 10_000 }), "charger unreachable"],
  ["charger never heard", reply({ chargerHeardMs: null }), "charger unreachable"],
  ["stopped by the operator is no fault", reply({ operative: false }), null],
  ["no answer", { is: "no-answer", why: "no answer within 800 ms" }, "no answer within 800 ms"],
])("%s", (_name, outcome, reason) => {
  const [, state] = run(ok, [[outcome], [outcome], [outcome]]);
  expect(state).toMatchObject(reason === null ? { verdict: "OK" } : { verdict: "KO", reason });
});

test("strikes are void when the monitor's own loop was late, however many there are", () => {
  const [words, state] = run(ok, [[gone], [gone], [gone, 1_000, 501], [gone, 1_000, 900], [gone], [gone]]);
  expect(words).toEqual(["strike 1", "strike 2", "strikes-void", "strikes-void", "strike 1", "strike 2"]);
  expect(state.verdict).toBe("OK");
  expect(run(ok, [[gone], [gone], [gone, 1_000, 500]])[1].verdict).toBe("KO");
  expect(run(ko, [[good], [good, 1_000, 5_000]])[1].verdict).toBe("OK");
});

test("before the first verdict probes are eager, but bad ones count once per interval", () => {
  expect(nextProbeMs(unknownHealth, 0, 10, 1_000)).toBe(260);
  const [words, state] = run(unknownHealth, [
    [gone, 250],
    [gone, 250],
    [gone, 250],
    [gone, 250],
    [gone, 250],
  ]);
  expect(words).toEqual(["strike 1", "bad", "bad", "bad", "strike 2"]);
  expect(
    run(state, [
      [good, 250],
      [good, 250],
    ])[0],
  ).toEqual(["good 1", "good 2, found-well"]);
  expect(run(unknownHealth, [[gone], [gone], [gone]])[0].at(-1)).toBe("strike 3, fault");
});

test("probes go at the ordinary pace once there is a verdict, and eagerly for the second good one after a fault", () => {
  expect(nextProbeMs(ok, 5_000, 5_800, 1_000)).toBe(6_000);
  expect(nextProbeMs(ko, 5_000, 5_800, 1_000)).toBe(6_000);
  expect(nextProbeMs(ko, 5_000, 9_000, 1_000)).toBe(9_000);
  expect(nextProbeMs(run(ko, [[good]])[1], 5_000, 5_700, 1_000)).toBe(5_950);
  expect(nextProbeMs(unknownHealth, 5_000, 5_000, 100)).toBe(5_100);
});

test("a fault whose reason changes is told again with the new one, and only then", () => {
  const silent = reply({ chargerHeardMs: null });
  const [words, state] = run(ko, [[silent], [silent], [gone]]);
  expect(words).toEqual(["bad, reason-changed", "bad", "bad, reason-changed"]);
  expect(state.reason).toBe("engine not running");
});

test("while engine and charger are starting, ten seconds without the charger are no fault; a dead engine is one", () => {
  const booting = reply({ chargerHeardMs: null });
  const [words] = run(
    unknownHealth,
    Array.from({ length: 9 }, (): [ProbeOutcome] => [booting]),
  );
  expect(words.at(-1)).toBe("strike 9");
  const [found] = run(unknownHealth, [
    ...Array.from({ length: 5 }, (): [ProbeOutcome] => [booting]),
    [good],
    [good],
  ]);
  expect(found.at(-1)).toBe("good 2, found-well");
  const [dead] = run(unknownHealth, [[gone], [gone], [gone]]);
  expect(dead.at(-1)).toBe("strike 3, fault");
});
