// What operators order, set and announce: effects once, what became of each request, and a line of the audit log.
import { describe, expect, it } from "vitest";
import {
  type AlertRow,
  type OperationRow,
  operatorKeys,
  type TariffRow,
} from "../../../central-fn/tables/operator-rows.ts";
import { type AuditRow, type CpRow, dayOf, keys } from "../../../central-fn/tables/rows.ts";
import { alice, connectorBody, cp, helloBody, newSid, registrationBody, Story, startMs } from "./story.ts";

const operation = (story: Story, id: string) =>
  story.table.getNow<OperationRow>(operatorKeys.operation(id))?.value;
const audit = (story: Story) =>
  story.table.queryNow<AuditRow>(`audit#${dayOf(startMs)}`).map((row) => row.value);
const prices = (story: Story) =>
  story.table
    .queryNow<TariffRow>(`tariffs#${cp}`)
    .map(({ value }) => [value.version, value.priceE5PerKwh, value.source, value.by]);

/** Another charge point, registered and greeted. */
function join(story: Story, other: string): void {
  const of = { cp: other, journal: `cccccccc-${other.slice(-3)}` };
  story.say("registration", registrationBody(), {
    ...of,
    src: "monitor",
    journal: `dddddddd-${other.slice(-3)}`,
  });
  story.say("hello", { ...helloBody, oldestPending: { epoch: 1, seq: 1 } }, of);
}
const rowOf = (story: Story, other: string) => story.table.getNow<CpRow>(keys.cp(other))?.value;

describe("an order to a charge point", () => {
  it("is told to its operator as queued, sent and answered", () => {
    const story = new Story().ready();
    story.operatorSays("stop-cp", { id: "O-1", reason: "cable theft" });
    expect(operation(story, "O-1")).toMatchObject({ outcome: "done", cmdId: `${cp}-O-1`, answer: null });
    const [open] = story.cpRow().commands;
    expect(open).toMatchObject({ op: "stop-cp", operation: "O-1", publishes: 1 });
    story.say("answer", { cmdId: `${cp}-O-1`, op: "stop-cp", sid: null, fence: 0, result: "applied" });
    expect(operation(story, "O-1")?.answer).toEqual({ result: "applied", reason: null, atMs: story.nowMs });
    expect(audit(story)).toMatchObject([{ id: "O-1", type: "stop-cp", operator: "op-1", outcome: "done" }]);
    expect(JSON.parse(audit(story)[0]?.detail ?? "")).toMatchObject({ reason: "cable theft" });
  });

  it("that the device refuses says why", () => {
    const story = new Story().ready();
    story.operatorSays("resume-cp", { id: "O-1" });
    const said = { op: "resume-cp", sid: null, fence: 0, result: "refused", reason: "charger unreachable" };
    story.say("answer", { cmdId: `${cp}-O-1`, ...said });
    expect(operation(story, "O-1")?.answer).toMatchObject({
      result: "refused",
      reason: "charger unreachable",
    });
  });

  it("repeated under its id has no second effect and no second line, on whatever day it comes", () => {
    const story = new Story().ready();
    story.operatorSays("stop-cp", { id: "O-1" });
    story.say("answer", { cmdId: `${cp}-O-1`, op: "stop-cp", sid: null, fence: 0, result: "applied" });
    story.commands();
    story.nowMs += 86_400_000;
    story.operatorSays("stop-cp", { id: "O-1" });
    expect(story.commands()).toEqual([]);
    expect(audit(story)).toHaveLength(1);
    expect(story.table.queryNow(`audit#${dayOf(story.nowMs)}`)).toEqual([]);
  });

  it("that comes late overrides no newer one", () => {
    const story = new Story().ready();
    story.operatorSays("resume-cp", { id: "O-2", requestedAt: startMs + 2_000 });
    story.commands();
    story.operatorSays("stop-cp", { id: "O-1", requestedAt: startMs + 1_000 });
    expect(story.commands()).toEqual([]);
    expect(operation(story, "O-1")).toMatchObject({
      outcome: "refused",
      reason: expect.stringContaining("newer"),
    });
    expect(story.cpRow().commands.map(({ op }) => op)).toEqual(["resume-cp"]);
  });

  it.each([
    [
      "retire-cp",
      { reason: "moved" },
      "reinstate-cp",
      { reason: "back" },
      "a newer order to retire or reinstate",
    ],
    ["tariff", { priceE5PerKwh: 90_000 }, "tariff", { priceE5PerKwh: 20_000 }, "a newer price was set"],
  ] as const)("%s that comes late overrides no newer word", (type, body, newerType, newerBody, why) => {
    const story = new Story().ready();
    story.operatorSays(newerType, { ...newerBody, id: "O-2", requestedAt: startMs + 2_000 });
    const { retired, tariff } = story.cpRow();
    story.operatorSays(type, { ...body, id: "O-1", requestedAt: startMs + 1_000 });
    expect(story.cpRow()).toMatchObject({ retired, tariff });
    expect(audit(story)).toMatchObject([
      { id: "O-1", outcome: "refused", reason: expect.stringContaining(why) },
      {},
    ]);
  });
});

describe("an order to the whole fleet", () => {
  const others = ["CP-002", "CP-003", "CP-019"];
  const ready = () => {
    const story = new Story().ready();
    for (const other of others) join(story, other);
    story.operatorSays("retire-cp", { cp: "CP-003", reason: "flooded" });
    story.commands();
    return story;
  };

  it("reaches every charge point that is not retired, once, with one line of the audit log", () => {
    const story = ready();
    story.operatorSays("stop-fleet", { id: "O-all", cp: undefined, reason: "storm" });
    const commands = story.commands();
    const told = commands.map((command) => `${command.op} ${command.cp}`);
    expect(new Set(told)).toEqual(new Set(["stop-cp CP-001", "stop-cp CP-002", "stop-cp CP-019"]));
    expect(told).toHaveLength(3);
    expect(operation(story, "O-all")).toMatchObject({ outcome: "done", reached: 3, cp: null });
    story.operatorSays("stop-fleet", { id: "O-all", cp: undefined, reason: "storm" });
    expect(story.commands().every(({ cmdId }) => commands.some((known) => known.cmdId === cmdId))).toBe(true);
    expect(audit(story).map(({ type }) => type)).toEqual(expect.arrayContaining(["retire-cp", "stop-fleet"]));
    expect(audit(story)).toHaveLength(2);
  });

  it("reaches the others when one of them breaks, and is then buried where an operator sees it", () => {
    const story = ready();
    story.fault = (step) => {
      if (step.do === "commit" && JSON.stringify(step.writes).includes('"CP-002"'))
        throw new Error("row too large");
    };
    const order = () => story.operatorSays("stop-fleet", { id: "O-all", cp: undefined, reason: "storm" });
    expect(order).toThrow("row too large");
    expect(new Set(story.commands().map((command) => command.cp))).toEqual(new Set(["CP-001", "CP-019"]));
    expect(operation(story, "O-all")).toMatchObject({ reached: 2 });
  });

  it("that broke off goes on where it was, and overrides no newer word to one of them", () => {
    const story = ready();
    let commits = 0;
    story.fault = (step) => {
      if (step.do === "commit" && ++commits === 2)
        throw Object.assign(new Error("table gone"), { retriable: true });
    };
    const broken = () =>
      story.operatorSays("stop-fleet", { id: "O-all", cp: undefined, reason: "storm", requestedAt: startMs });
    expect(broken).toThrow("table gone");
    story.fault = undefined;
    story.operatorSays("resume-cp", { id: "O-later", cp: "CP-019", requestedAt: startMs + 1 });
    broken();
    const open = ["CP-001", "CP-002", "CP-019"].map((id) => rowOf(story, id)?.commands.map(({ op }) => op));
    expect(open).toEqual([["stop-cp"], ["stop-cp"], ["resume-cp"]]);
  });
});

describe("a retired charge point", () => {
  it("takes no order until it is reinstated, and then sessions again", () => {
    const story = new Story().ready();
    story.operatorSays("retire-cp", { reason: "flooded" });
    story.operatorSays("stop-cp", { id: "O-1" });
    expect(operation(story, "O-1")).toMatchObject({
      outcome: "refused",
      reason: "the charging point is retired",
    });
    const refused = newSid();
    story.request(refused);
    expect(story.session(refused)).toMatchObject({
      rank: "REJECTED",
      reason: expect.stringContaining("retired"),
    });
    story.operatorSays("reinstate-cp", { id: "O-2", reason: "dry again" });
    expect(story.cpRow().retired).toBe(false);
    const taken = newSid();
    story.request(taken);
    expect(story.session(taken)?.rank).toBe("ACCEPTED");
    expect(audit(story).map(({ type, outcome }) => [type, outcome])).toEqual(
      expect.arrayContaining([
        ["retire-cp", "done"],
        ["stop-cp", "refused"],
        ["reinstate-cp", "done"],
      ]),
    );
  });
});

describe("a price", () => {
  it("of an operator is a version of its own; running sessions keep theirs, later ones get it", () => {
    const story = new Story().ready();
    const first = story.granted();
    story.started(first);
    story.operatorSays("tariff", { priceE5PerKwh: 45_000, reason: "winter" });
    expect(story.cpRow().tariff).toEqual({ version: 2, priceE5PerKwh: 45_000, currency: "EUR" });
    story.ended(first, 2_000);
    story.connector(connectorBody);
    expect(story.cdr(first.sid)).toMatchObject({ tariff: { version: 1 }, amountMinor: 30 });
    const second = story.granted();
    story.started(second);
    story.ended(second, 2_000);
    expect(story.cdr(second.sid)).toMatchObject({ tariff: { version: 2 }, amountMinor: 45 });
    expect(prices(story)).toEqual([
      [1, 30_000, "registration", null],
      [2, 45_000, "operator", "op-1"],
    ]);
  });

  it("of an operator outlives the charge point's restarts, and ends when its own file names another", () => {
    const story = new Story().ready();
    story.operatorSays("tariff", { priceE5PerKwh: 45_000 });
    story.register(30_000, { epoch: 2 });
    expect(story.cpRow().tariff).toMatchObject({ version: 2, priceE5PerKwh: 45_000 });
    story.register(33_000, { epoch: 3 });
    expect(story.cpRow().tariff).toMatchObject({ version: 3, priceE5PerKwh: 33_000 });
    expect(prices(story).at(-1)).toEqual([3, 33_000, "registration", null]);
  });

  it("that is the present one makes no version", () => {
    const story = new Story().ready();
    story.operatorSays("tariff", { priceE5PerKwh: 30_000 });
    expect(prices(story)).toHaveLength(1);
  });
});

describe("an announcement", () => {
  const id = "A-0123456789abcdef";
  const made = { alert: id, title: "Storm", message: "No charging tonight", severity: "WARN", cp: undefined };
  const alert = (story: Story) => story.table.getNow<AlertRow>(keys.alert(id))?.value;
  const until = (story: Story) => story.table.queryNow("alerts-until").map(({ sk }) => sk);

  it("is there once, and found by its end until an operator ends it", () => {
    const story = new Story();
    const times = { effectiveAt: startMs, expiresAt: startMs + 60_000 };
    story.operatorSays("create-alert", { id: "O-1", ...made, ...times });
    story.operatorSays("create-alert", { id: "O-1", ...made, ...times });
    expect(alert(story)).toMatchObject({ severity: "WARN", by: "op-1", ended: null });
    expect(until(story)).toEqual([operatorKeys.alertUntil(startMs + 60_000, id).sk]);
    story.operatorSays("end-alert", { id: "O-2", alert: id, cp: undefined, reason: "it passed" });
    expect(alert(story)?.ended).toMatchObject({ by: "op-1", reason: "it passed" });
    expect(until(story)).toEqual([]);
    expect(audit(story).map(({ type }) => type)).toEqual(["create-alert", "end-alert"]);
  });

  it("that would be over before it began, or that is not there, is refused with the reason", () => {
    const story = new Story();
    story.operatorSays("create-alert", { id: "O-1", ...made, effectiveAt: startMs, expiresAt: startMs - 1 });
    expect(operation(story, "O-1")).toMatchObject({ outcome: "refused" });
    story.operatorSays("end-alert", { id: "O-2", alert: id, cp: undefined });
    expect(operation(story, "O-2")).toMatchObject({ outcome: "refused", reason: "no such alert" });
    expect([alert(story), until(story)]).toEqual([undefined, []]);
  });
});

it("whose session it is can be found by its id alone", () => {
  const story = new Story().ready();
  const sid = newSid();
  story.request(sid);
  expect(story.table.getNow(operatorKeys.sessionOwner(sid))?.value).toEqual({ sid, driver: alice, cp });
});
