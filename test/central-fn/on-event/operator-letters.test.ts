// Dead letters resolved: a replay has its effect once, a dismissal holds nothing up, and the device is told.
import { describe, expect, it } from "vitest";
import { outRecord } from "../../../central-fn/on-event/batch.ts";
import type { KafkaRecord } from "../../../central-fn/on-event/dead-letters.ts";
import type { Replay } from "../../../central-fn/rules/dead-letter.ts";
import { type OperationRow, operatorKeys } from "../../../central-fn/tables/operator-rows.ts";
import { type CpRow, type DeadLetterRow, keys } from "../../../central-fn/tables/rows.ts";
import { identityText, mqttTopics } from "../../../wire/messages/index.ts";
import { connectorBody, cp, endedBody, engineJournal, helloBody, Story } from "./story.ts";

const letter = (story: Story, id: string) => story.table.getNow<DeadLetterRow>(keys.deadLetter(id))?.value;
const operation = (story: Story, id: string) =>
  story.table.getNow<OperationRow>(operatorKeys.operation(id))?.value;
const resolve = (story: Story, type: string, id: string, fields: object = {}) =>
  story.operatorSays(type, { letter: id, cp: undefined, reason: "looked into", ...fields });
const replays = (story: Story) =>
  story.sends.flatMap((send): Replay[] => (send.to === "topic" ? [send] : []));
const unparks = (story: Story) =>
  story.sends.flatMap((send) =>
    send.to === "cp" && send.message.kind === "unpark" ? [[send.message.seq, send.message.how]] : [],
  );

/** As Kafka brings it back. */
function appended(replay: Replay): KafkaRecord {
  const { topic, partition, value, timestampMs, headers } = outRecord({ to: "topic", ...replay }, 8);
  return {
    topic,
    partition,
    offset: 77_000,
    timestampMs: timestampMs ?? 0,
    value: new TextEncoder().encode(String(value)),
    ...(headers?.["dead-letter"] ? { replayOf: headers["dead-letter"] } : {}),
  };
}

/** The bridge refused this event's bytes, and its word reached Central. */
function refusedByBridge(story: Story, bytes: string, event: string | undefined, topic: string): string {
  const id = `${topic}/0123abcd`;
  const payloadBase64 = Buffer.from(bytes).toString("base64");
  const message = { v: 1, id, where: "bridge", topic, reason: "not JSON", payloadBase64, atMs: story.nowMs };
  story.take(story.record("dead-letters", { ...message, ...(event ? { event } : {}) }));
  return id;
}

describe("a record that Central buried", () => {
  /** An end of a session whose body an older Central could not use; it is repaired by an operator. */
  const buried = () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.started(grant);
    const good = story.envelope("session.ended", endedBody(grant, story.nowMs, 3_000));
    const record = story.record("cp.events", { ...good, body: { ...good.body, registerEndWh: "3000" } });
    story.take(record);
    const id = `cp.events/${record.partition}-${record.offset}`;
    story.sends.length = 0;
    return { story, grant, good, id };
  };

  it("is replayed repaired, and bills once however often it comes", () => {
    const { story, grant, good, id } = buried();
    expect(letter(story, id)).toMatchObject({ resolved: null, ingestMs: story.nowMs });
    resolve(story, "replay-letter", id, { id: "O-1", repaired: JSON.stringify(good) });
    expect(letter(story, id)?.resolved).toMatchObject({ how: "replayed", by: "op-1", reason: "looked into" });
    const [replay] = replays(story);
    expect(replay).toMatchObject({ topic: "cp.events", key: cp, timestampMs: story.nowMs });
    if (!replay) return;
    story.take(appended(replay), appended(replay));
    story.take(appended(replay));
    expect(story.cdrs()).toMatchObject([{ sid: grant.sid, energyWh: 2_000 }]);
    expect(letter(story, id)?.resolved?.how).toBe("replayed");
    expect(unparks(story)).toEqual([]);
  });

  it("that is still of no use opens its own letter again, with the new reason", () => {
    const { story, id } = buried();
    resolve(story, "replay-letter", id, { id: "O-1" });
    const [replay] = replays(story);
    if (replay) story.take(appended(replay));
    expect(letter(story, id)).toMatchObject({ id, resolved: null, replays: 1 });
    expect(story.table.queryNow("dead-letters")).toHaveLength(1);
    resolve(story, "dismiss-letter", id, { id: "O-2" });
    // The record itself comes again from Kafka: the letter stays resolved.
    if (replay) story.take(appended(replay));
    expect(letter(story, id)?.resolved?.how).toBe("dismissed");
  });

  it("repaired into another event than it was is refused", () => {
    const { story, good, id } = buried();
    for (const change of [
      { seq: good.seq + 1 },
      { epoch: 9 },
      { cp: "CP-002" },
      { journal: "eeeeeeee-0001" },
    ]) {
      const name = `O-${JSON.stringify(change).length}-${Object.keys(change)[0]}`;
      resolve(story, "replay-letter", id, { id: name, repaired: JSON.stringify({ ...good, ...change }) });
      expect([change, operation(story, name)?.outcome]).toEqual([change, "refused"]);
    }
    expect(replays(story)).toEqual([]);
    expect(letter(story, id)?.resolved).toBeNull();
  });

  it("that is dismissed holds nothing up: the device may forget it and what follows", () => {
    const { story, id, good } = buried();
    story.connector(connectorBody);
    const before = story.cpRow().marks.find(({ journal }) => journal === engineJournal);
    expect(before?.window).toHaveLength(1);
    resolve(story, "dismiss-letter", id);
    const after = story.cpRow().marks.find(({ journal }) => journal === engineJournal);
    expect(after).toMatchObject({ mark: good.seq + 1, window: [] });
    const processed = story.sends.flatMap((send) =>
      send.to === "cp" && send.message.kind === "processed" ? [send.message.seq] : [],
    );
    expect(processed.at(-1)).toBe(good.seq + 1);
    expect(story.cdrs()).toEqual([]);
  });

  it("of a cloned device is dismissed without touching the events of the device it was copied from", () => {
    const story = new Story().ready();
    const clone = story.envelope("connector", connectorBody, { seq: 50, prev: 49 });
    const record = story.record("cp.events", { ...clone, at: { ...clone.at, boot: "boot-2" } });
    story.take(record);
    const id = `cp.events/${record.partition}-${record.offset}`;
    const { marks } = story.cpRow();
    expect(story.cpRow().quarantine).toBeTruthy();
    resolve(story, "dismiss-letter", id);
    expect(letter(story, id)?.resolved?.how).toBe("dismissed");
    expect(story.cpRow().marks).toEqual(marks);
  });

  it("of a driver is replayed as it was, never repaired", () => {
    const story = new Story().ready();
    const record = story.record("driver.requests", { v: 1, type: "dance" });
    story.take(record);
    const id = `driver.requests/${record.partition}-${record.offset}`;
    resolve(story, "replay-letter", id, { id: "O-1", repaired: "{}" });
    expect(operation(story, "O-1")).toMatchObject({ outcome: "refused" });
    resolve(story, "replay-letter", id, { id: "O-2" });
    expect(replays(story)).toMatchObject([{ topic: "driver.requests", partition: record.partition }]);
  });
});

describe("an event that the bridge refused", () => {
  const refused = () => {
    const story = new Story().ready();
    const good = story.envelope("connector", { ...connectorBody, plugged: true });
    const topic = mqttTopics.engineEvents(cp);
    const id = refusedByBridge(story, "{broken", identityText(good), topic);
    story.sends.length = 0;
    return { story, good, id };
  };

  it("is replayed repaired: in Kafka once, and the device is told at once and at its next hello", () => {
    const { story, good, id } = refused();
    resolve(story, "replay-letter", id, { id: "O-0" });
    expect(operation(story, "O-0")).toMatchObject({
      outcome: "refused",
      reason: expect.stringContaining("readable"),
    });
    resolve(story, "replay-letter", id, { id: "O-1", repaired: JSON.stringify(good) });
    const [replay] = replays(story);
    expect(unparks(story)).toEqual([[good.seq, "replayed"]]);
    if (replay) story.take(appended(replay));
    expect(story.cpRow().engine?.plugged).toBe(true);
    story.sends.length = 0;
    story.hello();
    expect(unparks(story)).toEqual([[good.seq, "replayed"]]);
    // Another disk has no such event.
    story.sends.length = 0;
    story.hello({ journal: "ffffffff-0001" });
    expect(unparks(story)).toEqual([]);
  });

  it("that is dismissed is told to the device, again when the request's record comes again", () => {
    const { story, good, id } = refused();
    const record = resolve(story, "dismiss-letter", id, { id: "O-1" });
    expect(unparks(story)).toEqual([[good.seq, "dismissed"]]);
    story.sends.length = 0;
    story.take(record);
    expect(unparks(story)).toEqual([[good.seq, "dismissed"]]);
    resolve(story, "dismiss-letter", id, { id: "O-2" });
    expect(operation(story, "O-2")).toMatchObject({ outcome: "refused" });
  });

  it("without anybody's name can only be dismissed", () => {
    const story = new Story().ready();
    const id = refusedByBridge(story, "x", undefined, "ev/v1/99/strange/events");
    resolve(story, "replay-letter", id, { id: "O-1" });
    expect(operation(story, "O-1")).toMatchObject({
      outcome: "refused",
      reason: expect.stringContaining("dismiss"),
    });
    resolve(story, "dismiss-letter", id, { id: "O-2" });
    expect(letter(story, id)?.resolved).toMatchObject({ how: "dismissed" });
    resolve(story, "dismiss-letter", "nowhere/1", { id: "O-3" });
    expect(operation(story, "O-3")).toMatchObject({ outcome: "refused", reason: "no such dead letter" });
  });

  it("in another charge point's name is never replayed", () => {
    const { story, good } = refused();
    const other = { cp: "CP-002", journal: "cccccccc-0002" };
    story.say("hello", { ...helloBody, oldestPending: { epoch: 1, seq: 1 } }, other);
    const others = () => story.table.getNow<CpRow>(keys.cp("CP-002"))?.value.marks;
    const before = others();
    const topic = mqttTopics.engineEvents("CP-002");
    const event = identityText({ ...good, cp: "CP-002" });
    const id = refusedByBridge(story, JSON.stringify(good), event, topic);
    resolve(story, "replay-letter", id, { id: "O-9" });
    expect(operation(story, "O-9")).toMatchObject({
      outcome: "refused",
      reason: expect.stringContaining(cp),
    });
    const { marks } = story.cpRow();
    resolve(story, "dismiss-letter", id, { id: "O-10" });
    expect(operation(story, "O-10")?.outcome).toBe("done");
    expect(story.cpRow().marks).toEqual(marks);
    expect(others()).toEqual(before);
  });
});
