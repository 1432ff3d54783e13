import { expect, test } from "vitest";
import {
  answered,
  contentsRead,
  nextStep,
  noRegistration,
  published,
  type RegistrationState,
  reconnected,
  repeated,
} from "../../../device-agent/monitor/registration.rules.ts";
import type { Registration } from "../../../wire/messages/index.ts";

const place: Registration = {
  name: "Harbour",
  address: "Quay 1",
  city: "Valencia",
  latitude: 39.4,
  longitude: -0.3,
  connectorType: "CCS2",
  amenities: ["wc"],
  powerW: 50_000,
  priceE5PerKwh: 35_000,
  currency: "EUR",
};
const ack = (from: number, to = from) => ({
  kind: "ack" as const,
  src: "monitor" as const,
  journal: "0123456789ab",
  epoch: 1,
  ranges: [[from, to] as [number, number]],
});

/** Lets monotonic time pass and tells when something was published, and what. */
function pass(state: RegistrationState, fromMs: number, toMs: number, dice: number, firstSeq = 1) {
  const told: [number, string][] = [];
  let seq = firstSeq;
  for (let nowMs = fromMs; nowMs < toMs; nowMs += 50) {
    const step = nextStep(state, nowMs);
    if (step.do === "publish") {
      told.push([nowMs, `${seq} ${step.contents.name}`]);
      state = published(seq, `${seq} ${step.contents.name}`, nowMs, dice);
      seq += 1;
    } else if (step.do === "repeat") {
      told.push([nowMs, step.payload]);
      state = repeated(state, nowMs, dice);
    }
  }
  return { state, told };
}

test("an unacknowledged registration is repeated byte for byte after 1 s, 5 s, then every 30 s", () => {
  const { told } = pass(contentsRead(noRegistration, place), 0, 100_000, 0.5);
  expect(told.map(([atMs]) => atMs)).toEqual([0, 1_000, 6_000, 36_000, 66_000, 96_000]);
  expect(new Set(told.map(([, payload]) => payload))).toEqual(new Set(["1 Harbour"]));
});

test("repetitions are spread by a quarter each way", () => {
  const at = (dice: number) =>
    pass(contentsRead(noRegistration, place), 0, 8_000, dice).told.map(([atMs]) => atMs);
  expect(at(0)).toEqual([0, 750, 4_500]);
  expect(at(0.999)).toEqual([0, 1_250, 7_500]);
});

test("the acknowledgement that names its number ends the repetition, another does not", () => {
  const { state } = pass(contentsRead(noRegistration, place), 0, 100, 0.5, 7);
  expect(answered(state, ack(1, 6)).outcome).toBe("not-ours");
  expect(answered(state, ack(8, 9)).outcome).toBe("not-ours");
  const done = answered(state, ack(3, 7));
  expect(done.outcome).toBe("acknowledged");
  expect(pass(done.state, 100, 90_000, 0.5).told).toEqual([]);
  expect(answered(done.state, ack(7)).outcome).toBe("not-ours");
});

test("a dead letter is not repeated; newer contents are tried", () => {
  const { state } = pass(contentsRead(noRegistration, place), 0, 100, 0.5);
  const { src, journal, epoch } = ack(1);
  const nack = { kind: "nack" as const, src, journal, epoch, seq: 1, deadLetter: "x/1", reason: "no" };
  const refused = answered(state, nack);
  expect(refused.outcome).toBe("refused");
  expect(pass(refused.state, 100, 90_000, 0.5).told).toEqual([]);
  expect(pass(contentsRead(refused.state, place), 100, 200, 0.5, 2).told).toEqual([[100, "2 Harbour"]]);
});

test("contents that change meanwhile wait for the acknowledgement, and only the newest follow", () => {
  let { state } = pass(contentsRead(noRegistration, place), 0, 100, 0.5);
  for (const name of ["A", "B", "C"]) state = contentsRead(state, { ...place, name });
  expect(pass(state, 100, 1_100, 0.5).told).toEqual([[1_000, "1 Harbour"]]);
  const { told } = pass(answered(state, ack(1)).state, 200, 1_000, 0.5, 5);
  expect(told).toEqual([[200, "5 C"]]);
});

test("a new connection repeats at once what is unacknowledged, and nothing else", () => {
  const { state } = pass(contentsRead(noRegistration, place), 0, 10_000, 0.5);
  const { told } = pass(reconnected(state, 20_000), 20_000, 26_500, 0.5);
  expect(told.map(([atMs]) => atMs)).toEqual([20_000, 21_000, 26_000]);
  const { state: done } = answered(state, ack(1));
  expect(pass(reconnected(done, 20_000), 20_000, 30_000, 0.5).told).toEqual([]);
});
