// The charger in memory: the same bytes as on a terminal, under the caller's time, for many at once.
import { expect, test } from "vitest";
import { type MemoryCharger, openMemoryCharger } from "../../../simulator/charger/memory-charger.ts";
import { framed } from "../../../simulator/charger/rapi.ts";

const options = {
  firmware: "8.2.3" as const,
  ctRatio: 1,
  maxAmps: 32,
  cars: "none" as const,
  seed: 3,
  nowMs: 0,
};

function listening(charger: MemoryCharger): string[] {
  const lines: string[] = [];
  let rest = "";
  charger.line.onData((bytes) => {
    const parts = (rest + Buffer.from(bytes).toString("latin1")).split("\r");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  });
  return lines;
}

const command = (body: string) => Buffer.from(framed(body), "latin1");

test("it boots, answers and charges as time is moved", () => {
  const charger = openMemoryCharger({ ...options, cp: "CP-1" });
  const lines = listening(charger);
  charger.advance(6000);
  expect(lines.some((line) => line.startsWith("$AB 00 8.2.3"))).toBe(true);
  expect(charger.nextAt()).toBeNull();
  charger.line.write(command("GV :01"));
  charger.advance(charger.nextAt() ?? 0);
  expect(lines.at(-1)).toBe("$OK 8.2.3 5.2.1 :01^34");
  expect(charger.do({ do: "plug", car: { needWh: 100 } })).toMatchObject({ ok: true });
  charger.advance(20_000);
  expect(charger.do({ do: "status" })).toMatchObject({
    ok: true,
    status: { state: "03", relayClosed: true },
  });
  expect(charger.do({ do: "plug" })).toMatchObject({ ok: false });
});

test("the same commands at the same times give the same bytes, however finely time is moved", () => {
  const run = (stepMs: number) => {
    const charger = openMemoryCharger({ ...options, cp: "CP-1", cars: "auto" });
    const lines = listening(charger);
    for (let at = stepMs; at <= 60_000; at += stepMs) {
      charger.advance(at);
      if (at === 6000) charger.line.write(command("FS :01"));
      if (at === 12_000) charger.line.write(command("FE :02"));
      if (at % 6000 === 0) charger.line.write(command("GU :03"));
    }
    return { lines, saved: charger.saved() };
  };
  const coarse = run(6000);
  expect(run(50)).toEqual(coarse);
  expect(coarse.saved.trueMicroWs).toBeGreaterThan(0);
});

test("the world's part of it can be carried over to a new one", () => {
  const first = openMemoryCharger({ ...options, cp: "CP-1" });
  first.do({ do: "plug", car: { needWh: 100 } });
  first.advance(15_000);
  const second = openMemoryCharger({ ...options, cp: "CP-1", nowMs: 20_000, saved: first.saved() });
  expect(second.do({ do: "status" })).toMatchObject({
    ok: true,
    status: { plugged: true, trueRegisterWs: Math.floor(first.saved().trueMicroWs / 1e6) },
  });
});

test("a thousand of them charge and are polled side by side", () => {
  const fleet = Array.from({ length: 1000 }, (_, i) =>
    openMemoryCharger({ ...options, seed: i, cp: `CP-${i}` }),
  );
  const replies = new Array<number>(fleet.length).fill(0);
  fleet.forEach((charger, i) => {
    charger.line.onData((bytes) => {
      if (bytes[1] === 0x4f) replies[i] = (replies[i] ?? 0) + 1;
    });
    charger.do({ do: "plug", car: { needWh: 1000 } });
  });
  for (let at = 10_000; at <= 20_000; at += 1000) {
    for (const charger of fleet) {
      charger.advance(at);
      charger.line.write(command("GU :01"));
    }
  }
  for (const charger of fleet) charger.advance(21_000);
  expect(replies.every((count) => count === 11)).toBe(true);
});
