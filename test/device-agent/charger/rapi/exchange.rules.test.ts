// The exchange: which reply answers the command in flight, and which does not.
import { describe, expect, test } from "vitest";
import {
  abandon,
  type Exchange,
  expire,
  grant,
  hasten,
  hear,
  idle,
  submit,
} from "../../../../device-agent/charger/rapi/exchange.rules.ts";
import type { Frame } from "../../../../device-agent/charger/rapi/frames.ts";

const reply = (sequence: number | null, ok = true, args = ""): Frame => ({ is: "reply", ok, args, sequence });
const sent = (command: string, from: Exchange = idle) => submit(from, command, 2_500).exchange;

describe("a reply", () => {
  test("answers the command whose sequence id it carries", () => {
    const heard = hear(sent("GS"), reply(1, true, "03 3 03 0540"));
    expect(heard.outcome).toEqual({ is: "answered", command: "GS", ok: true, args: "03 3 03 0540" });
    expect(heard.exchange.inFlight).toBeNull();
  });

  test("with another sequence id is discarded, and the command stays in flight", () => {
    const second = sent("GU", abandon(sent("GS")));
    const heard = hear(second, reply(1, true, "03 3 03 0540"));
    expect(heard.outcome).toEqual({ is: "discarded" });
    expect(hear(heard.exchange, reply(2, true, "824 0")).outcome).toMatchObject({ command: "GU" });
  });

  test("OK without sequence id answers nothing", () => {
    expect(hear(sent("FE"), reply(null)).outcome).toEqual({ is: "discarded" });
  });

  test("NK without sequence id means that the charger misread our frame", () => {
    const heard = hear(sent("FE"), reply(null, false));
    expect(heard.outcome).toEqual({ is: "lost", command: "FE", why: "misread" });
    expect(heard.exchange.inFlight).toBeNull();
  });

  test("that comes a second time is discarded", () => {
    const once = hear(sent("GS"), reply(1)).exchange;
    expect(hear(once, reply(1)).outcome).toEqual({ is: "discarded" });
    expect(hear(once, reply(null, false)).outcome).toEqual({ is: "discarded" });
  });
});

describe("a command", () => {
  test("is lost at its deadline, not before", () => {
    const exchange = sent("GS");
    expect(expire(exchange, 2_499).outcome).toBeNull();
    expect(expire(exchange, 2_500).outcome).toEqual({ is: "lost", command: "GS", why: "silent" });
  });

  test("gets more time when our own loop stood still", () => {
    expect(expire(grant(sent("GS"), 9_000), 8_999).outcome).toBeNull();
    expect(grant(sent("GS"), 1_000)).toEqual(sent("GS"));
  });

  test("waits less when something damaged arrived, never longer", () => {
    expect(expire(hasten(sent("GS"), 400), 400).outcome).toMatchObject({ command: "GS", why: "silent" });
    expect(hasten(sent("GS"), 9_000)).toEqual(sent("GS"));
  });

  test("is never sent while another is in flight", () => {
    expect(() => submit(sent("GS"), "GU", 0)).toThrow(/in flight/);
  });

  test("carries sequence ids 01 to FF in turn", () => {
    let exchange = idle;
    const ids = new Set<number>();
    for (let i = 0; i < 256; i++) {
      exchange = abandon(sent("GS", exchange));
      ids.add(exchange.lastSequence);
    }
    expect(ids.size).toBe(255);
    expect(Math.min(...ids)).toBe(1);
    expect(exchange.lastSequence).toBe(1);
  });
});

test("what the charger tells by itself passes between a command and its answer", () => {
  const frame: Frame = { is: "state", state: 3, pilot: 3, amps: 13, vflags: 0x540 };
  const heard = hear(sent("GS"), frame);
  expect(heard.outcome).toEqual({ is: "told", frame });
  expect(hear(heard.exchange, reply(1)).outcome).toMatchObject({ is: "answered", command: "GS" });
});
