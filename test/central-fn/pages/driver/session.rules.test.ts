// What a driver sees of a session in each of its states, and which buttons there are.
import { describe, expect, test } from "vitest";
import type { OwnSession } from "../../../../central-fn/api/driver/own-session.view.ts";
import {
  actionsOf,
  endingOf,
  isOver,
  isWaiting,
  type SessionFacts,
  stageOf,
  stepsOf,
} from "../../../../central-fn/pages/driver/session.rules.ts";

type Phase = OwnSession["phase"];
type Command = OwnSession["command"];

const command = (op: "start" | "stop", state: "queued" | "sent" | "applied" | "refused"): Command => ({
  op,
  state,
  reason: null,
});
const session = (phase: Phase, more: Partial<SessionFacts> = {}): SessionFacts => ({
  session_id: "S-CP-001-0000000000000001",
  cp_id: "CP-001",
  status: "PENDING",
  phase,
  waived: false,
  interrupted: false,
  command: null,
  reason: null,
  ...more,
});

describe("each state has its stage and its buttons", () => {
  test.each<[string, SessionFacts, string, string[]]>([
    ["stored, not decided", session("requested"), "asking", ["take-back"]],
    ["for a later hour", session("scheduled"), "scheduled", ["take-back"]],
    ["in line", session("queued"), "waiting", ["leave-line"]],
    ["at the head of the line", session("offered"), "offered", ["confirm", "leave-line"]],
    ["granted", session("accepted", { command: command("start", "queued") }), "starting", ["cancel-start"]],
    ["sent", session("accepted", { command: command("start", "sent") }), "starting", ["cancel-start"]],
    [
      "the point is on",
      session("intent", { command: command("start", "applied") }),
      "plug-in",
      ["cancel-start"],
    ],
    ["cancelled before the car", session("intent", { command: command("stop", "sent") }), "stopping", []],
    ["energy flows", session("charging", { command: command("start", "applied") }), "charging", ["stop"]],
    [
      "the car takes none",
      session("suspended", { command: command("start", "applied") }),
      "paused",
      ["stop"],
    ],
    ["the stop is under way", session("charging", { command: command("stop", "queued") }), "stopping", []],
    ["the stop was taken", session("charging", { command: command("stop", "applied") }), "stopping", []],
    [
      "the stop was refused",
      session("charging", { command: command("stop", "refused") }),
      "charging",
      ["stop"],
    ],
    ["not heard", session("charging", { interrupted: true }), "interrupted", ["stop"]],
    [
      "not heard, stopped already",
      session("suspended", { interrupted: true, command: command("stop", "sent") }),
      "interrupted",
      [],
    ],
    ["ended, its bill not written", session("ended"), "over", []],
    ["billed", session("billed"), "over", ["receipt"]],
    ["refused", session("rejected"), "over", []],
    ["in doubt", session("needs_review"), "over", []],
  ])("%s", (_, facts, stage, actions) => {
    expect(stageOf(facts)).toBe(stage);
    expect(actionsOf(facts)).toEqual(actions);
  });
});

test("only what is over has an ending, and only what waits waits", () => {
  const phases: Phase[] = [
    "requested",
    "scheduled",
    "queued",
    "offered",
    "accepted",
    "intent",
    "charging",
    "suspended",
    "rejected",
    "expired",
    "cancelled",
    "aborted",
    "needs_review",
    "ended",
    "billed",
  ];
  for (const phase of phases) {
    const facts = session(phase);
    expect(isOver(facts)).toBe(stageOf(facts) === "over");
    expect(endingOf(facts) !== undefined).toBe(isOver(facts));
  }
  expect(phases.filter((phase) => isWaiting({ phase }))).toEqual(["scheduled", "queued", "offered"]);
});

test("a review ends with its bill, or with the word that there is nothing to pay", () => {
  const endings = [session("needs_review"), session("needs_review", { waived: true }), session("billed")];
  expect(endings.map(endingOf)).toEqual(["review", "waived", "completed"]);
});

describe("the way of a start", () => {
  const shape = (facts: SessionFacts) =>
    stepsOf(facts)
      .map(({ name, is }) => `${name}:${is}`)
      .join(" ");

  test.each<[string, SessionFacts, string]>([
    ["stored", session("requested"), "stored:done accepted:now sent:open applied:open charging:open"],
    [
      "queued for the point",
      session("accepted", { command: command("start", "queued") }),
      "stored:done accepted:done sent:now applied:open charging:open",
    ],
    [
      "sent",
      session("accepted", { command: command("start", "sent") }),
      "stored:done accepted:done sent:done applied:now charging:open",
    ],
    [
      "applied",
      session("intent", { command: command("start", "applied") }),
      "stored:done accepted:done sent:done applied:done charging:now",
    ],
    [
      "refused by Central",
      session("rejected", { command: command("start", "refused") }),
      "stored:done accepted:failed",
    ],
    [
      "refused by the point",
      session("aborted", { command: command("start", "refused") }),
      "stored:done accepted:done sent:done applied:failed",
    ],
    [
      "no answer from the point",
      session("expired", { command: command("start", "sent") }),
      "stored:done accepted:done sent:done applied:failed",
    ],
    [
      "nobody plugged in",
      session("aborted", { command: command("start", "applied") }),
      "stored:done accepted:done sent:done applied:done charging:failed",
    ],
    ["in line", session("queued"), ""],
  ])("%s", (_, facts, steps) => {
    expect(shape(facts)).toBe(steps);
  });
});
