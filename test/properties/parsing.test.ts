// Bytes from anywhere: parsers answer with a value or a reason that names the place, and never throw; an engine and
// a handler live through whatever is sent to them; a damaged journal is refused by the name of the field.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { performNow } from "../../central-fn/on-event/execute.ts";
import { worksOf } from "../../central-fn/on-event/works.ts";
import { runEngine } from "../../device-agent/engine/run.ts";
import { emptyDurable } from "../../device-agent/engine/state.ts";
import * as messages from "../../wire/messages/index.ts";
import { silentLog } from "../../wire/process/log.ts";
import { Story as Central, partitions } from "../central-fn/on-event/story.ts";
import { newDisk, SimJournal } from "../simulation/journal.ts";
import { config, cp, Story, start, stop } from "../support/engine-story.ts";

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const at = { boot: "boot-1", mono: 5, wall: 6, synced: true };
const envelope = {
  v: 1,
  cp,
  src: "engine",
  journal: "aaaaaaaa-0001",
  epoch: 1,
  seq: 1,
  prev: 0,
  type: "connector",
  at,
  body: { plugged: true, relayClosed: false, operative: true, finishing: null, registerWh: 7 },
};
const grant = {
  sid: `S-${cp}-0000000000000001`,
  driver: "driver-alice",
  cmdId: "c-1",
  fence: 1,
  tariff: { version: 1, priceE5PerKwh: 30_000, currency: "EUR" },
};
/** One good body of each family. */
const bodies: Record<string, object> = {
  registration: {
    name: "Plaza",
    address: "Calle 1",
    city: "Alicante",
    latitude: 38.3,
    longitude: -0.5,
    connectorType: "TYPE2",
    amenities: ["WC"],
    powerW: 22_000,
    priceE5PerKwh: 30_000,
    currency: "EUR",
  },
  hello: {
    agentVersion: "1",
    firmware: null,
    oldestPending: { epoch: 1, seq: 1 },
    openSid: null,
    connector: envelope.body,
  },
  connector: envelope.body,
  answer: { cmdId: "c-1", op: "start-supply", sid: grant.sid, fence: 1, result: "applied" },
  orphan: { registerFromWh: 1, registerToWh: 2, cause: "x" },
  "session.started": { ...grant, registerStartWh: 1, startedAt: at },
  "session.suspended": { ...grant, registerWh: 1, by: "EV" },
  "session.resumed": { ...grant, registerWh: 1 },
  "session.ended": {
    ...grant,
    registerStartWh: 1,
    registerEndWh: 2,
    startedAt: at,
    endedAt: at,
    durationMs: 1,
    reason: "Local",
    plugged: false,
  },
  "session.aborted": { ...grant, registerWh: 1, reason: "expired", plugged: false },
  "session.review": { ...grant, registerStartWh: 1, registerEndWh: 2, cause: "other", plugged: false },
  meter: { sid: null, registerStartWh: null, mono0: 1, wh0: 1, dMs: [0], dWh: [0], w: [1] },
  status: { engine: "OK", conn: 1, intervalMs: 2_000, ttlMs: 6_000 },
  will: { conn: 1 },
};
const schemas = {
  registration: messages.Registration,
  hello: messages.Hello,
  connector: messages.Connector,
  answer: messages.Answer,
  orphan: messages.Orphan,
  "session.started": messages.SessionStarted,
  "session.suspended": messages.SessionSuspended,
  "session.resumed": messages.SessionResumed,
  "session.ended": messages.SessionEnded,
  "session.aborted": messages.SessionAborted,
  "session.review": messages.SessionReview,
  meter: messages.Meter,
  status: messages.StatusReport,
  will: messages.Will,
};
const families = Object.keys(schemas) as (keyof typeof schemas)[];

/** JSON text of things that JSON.stringify would not write. */
const nasty = fc.constantFrom(
  "1e999",
  "-0",
  "1e-7",
  "9007199254740993",
  "123456789012345678901234567890",
  "-1",
  "1.5",
  "null",
  "true",
  '""',
  '"\\ud800"',
  '"\\u0000"',
  `"${"x".repeat(3_000)}"`,
  '"<img onerror=alert(1)>"',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  "[]",
  "[[[[[[[[[[1]]]]]]]]]]",
  "{}",
);
const nastyJson = fc.oneof(
  nasty,
  fc.json({ maxDepth: 4 }),
  fc.integer({ min: 1, max: 8_000 }).map((depth) => "[".repeat(depth) + "]".repeat(depth)),
);

interface Leaf {
  path: string[];
}
function leavesOf(value: unknown, path: string[] = []): Leaf[] {
  if (value === null || typeof value !== "object") return [{ path }];
  const inner = Object.entries(value).flatMap(([name, one]) => leavesOf(one, [...path, name]));
  return path.length === 0 ? inner : [{ path }, ...inner];
}

/** The value as JSON text with the place at `path` replaced by raw text, or gone. */
function damaged(value: unknown, path: readonly string[], raw: string | undefined): string {
  const [name, ...rest] = path;
  if (value === null || typeof value !== "object" || name === undefined) return JSON.stringify(value);
  const isArray = Array.isArray(value);
  const parts = Object.entries(value).flatMap(([key, inner]) => {
    const prefix = isArray ? "" : `${JSON.stringify(key)}:`;
    if (key !== name) return [prefix + JSON.stringify(inner)];
    if (rest.length > 0) return [prefix + damaged(inner, rest, raw)];
    return raw === undefined ? [] : [prefix + raw];
  });
  return isArray ? `[${parts.join(",")}]` : `{${parts.join(",")}}`;
}

const damageOf = (value: unknown) =>
  fc
    .tuple(fc.constantFrom(...leavesOf(value)), fc.option(nastyJson, { nil: undefined }))
    .map(([{ path }, raw]) => ({ path, text: damaged(value, path, raw) }));

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.string().map((text) => new TextEncoder().encode(text)),
  nastyJson.map((text) => new TextEncoder().encode(text)),
);

function unpolluted(): void {
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as { polluted?: boolean }).polluted).toBe(undefined);
}

describe("the envelope", () => {
  it("of any bytes is a value or a reason, never an exception, and nothing leaks into prototypes", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyBytes,
          damageOf(envelope).map(({ text }) => new TextEncoder().encode(text)),
        ),
        (bytes) => {
          const parsed = messages.parseEnvelope(bytes);
          if (parsed.ok) {
            expect(messages.Envelope.parse(parsed.value)).toEqual(parsed.value);
            expect(Object.getPrototypeOf(parsed.value.body)).toBe(Object.prototype);
          } else expect(parsed.reason.length).toBeGreaterThan(3);
          unpolluted();
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it.each([
    [0, true],
    [1, false],
    [-1, true],
  ])("of 16 KB %i bytes is taken: %s", (more, ok) => {
    const bare = bytesOf({ ...envelope, body: { text: "" } }).byteLength;
    const body = { text: "x".repeat(messages.maxEnvelopeBytes - bare + more) };
    const bytes = bytesOf({ ...envelope, body });
    expect(bytes.byteLength).toBe(messages.maxEnvelopeBytes + more);
    const parsed = messages.parseEnvelope(bytes);
    expect(parsed.ok).toBe(ok);
    if (!parsed.ok) expect(parsed.reason).toContain("16385 bytes");
  });

  it("that is no UTF-8 is refused, not mended", () => {
    const bytes = bytesOf({ ...envelope, body: { name: "Málaga" } });
    expect(messages.parseEnvelope(bytes).ok).toBe(true);
    for (const broken of [0xff, 0xc0, 0xed]) {
      const torn = Uint8Array.from(bytes, (byte) => (byte === 0xc3 ? broken : byte));
      expect(messages.parseEnvelope(torn)).toMatchObject({
        ok: false,
        reason: expect.stringContaining("not JSON"),
      });
    }
  });

  it.each([
    ["cp", '"CP-001/../2"'],
    ["journal", '"x"'],
    ["seq", "-1"],
    ["seq", "1.5"],
    ["seq", "9007199254740993"],
    ["at.mono", "null"],
    ["v", "2"],
    ["type", '"__proto__"'],
    ["body", "[]"],
  ])("names %s when it is %s", (field, raw) => {
    const parsed = messages.parseEnvelope(new TextEncoder().encode(damaged(envelope, field.split("."), raw)));
    expect(parsed).toMatchObject({ ok: false, reason: expect.stringContaining(`${field}: `) });
  });
});

describe("the bodies", () => {
  it("have a schema each that takes the good one", () => {
    for (const family of families)
      expect([family, schemas[family].safeParse(bodies[family]).success]).toEqual([family, true]);
  });

  it.each(families)("%s: damaged anywhere it is refused by name, or what is read is clean", (family) => {
    fc.assert(
      fc.property(damageOf(bodies[family]), ({ path, text }) => {
        const parsed = messages.parseJson(schemas[family], text);
        unpolluted();
        // What was taken is within the schema's bounds: no NaN, no fraction, no negative energy.
        if (parsed.ok)
          expect(schemas[family].safeParse(JSON.parse(JSON.stringify(parsed.value))).success).toBe(true);
        else expect(parsed.reason).toMatch(new RegExp(`${path[0]}|columns differ`));
      }),
      { numRuns: 150 },
    );
  });
});

describe("Central's handlers", () => {
  it("bury what they cannot use and go on, whatever the bytes on whatever topic", () => {
    const topics = ["cp.events", "cp.telemetry", "cp.status", "driver.requests", "operator.requests"];
    const event = fc
      .constantFrom(...families)
      .chain((type) =>
        damageOf({ ...envelope, type, body: bodies[type] }).map(({ text }) => new TextEncoder().encode(text)),
      );
    fc.assert(
      fc.property(
        fc.constantFrom(...topics),
        fc.array(fc.oneof(anyBytes, event), { minLength: 1, maxLength: 4 }),
        (topic, values) => {
          const central = new Central();
          const records = values.map((value, i) => ({ ...central.record(topic, {}, cp), offset: i, value }));
          for (const work of worksOf(records, { partitions }))
            performNow(work.steps(central.nowMs), central.hand);
          unpolluted();
          for (const { value } of central.table.queryNow<{ reason: string }>("dead-letters"))
            expect(value.reason.length).toBeGreaterThan(3);
        },
      ),
      { numRuns: 600 },
    );
  });
});

/** An engine on the simulation's disk, alone in the world. */
function engine() {
  const disk = newDisk("5111a7ed-0001");
  const none = { noFsync: false, noEpoch: false, alter: null };
  const journal = new SimJournal(
    cp,
    disk,
    () => {},
    none,
    () => {},
  );
  const wishes: boolean[] = [];
  const running = runEngine({
    config,
    journal,
    charger: { start() {}, want: (supply) => wishes.push(supply.on), readNow() {}, close: async () => {} },
    clock: { monoMs: () => 5, wallMs: () => 6, stamp: () => at },
    timers: { after: () => () => {}, every: () => () => {} },
    random: () => 0.5,
    log: silentLog,
    publish() {},
    onExit() {},
  });
  running.linkUp(true);
  return { running, wishes };
}

describe("the engine", () => {
  const downlinks = [
    start(1),
    stop(1),
    { ...stop(0), op: "watch", cmdId: "w-1", everyMs: 1_000, forMs: 5_000 },
    { kind: "welcome", v: 1, cp, journal: "5111a7ed-0001", epoch: 1, fenceFloor: 3 },
    { kind: "processed", v: 1, cp, journal: "5111a7ed-0001", epoch: 1, seq: 1 },
  ];
  const acks = [
    { kind: "ack", src: "engine", journal: "5111a7ed-0001", epoch: 1, ranges: [[1, 2]] },
    { kind: "nack", src: "engine", journal: "5111a7ed-0001", epoch: 1, seq: 1, deadLetter: "d", reason: "r" },
  ];
  const damagedOne = (messagesOf: object[]) =>
    fc
      .constantFrom(...messagesOf)
      .chain((message) => damageOf(message).map(({ text }) => new TextEncoder().encode(text)));

  it("lives through any bytes on its command and acknowledgement topics, and never switches on by them", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.oneof(anyBytes, damagedOne(downlinks), damagedOne(acks))), {
          maxLength: 12,
        }),
        (sent) => {
          const { running, wishes } = engine();
          for (const [command, bytes] of sent) {
            if (command) running.onCommandBytes(bytes);
            else running.onAckBytes(bytes);
          }
          unpolluted();
          // It never read its charger: nothing may make it close the relay.
          expect(wishes).not.toContain(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("the state in the journal", () => {
  const durable = new Story().ready().charging(1).on(36_000).off().command(stop(9)).command(start(2))
    .state.durable;
  const open = (state: string) => {
    const disk = { ...newDisk("5111a7ed-0001"), state };
    const none = { noFsync: false, noEpoch: false, alter: null };
    return runEngine({
      config,
      journal: new SimJournal(
        cp,
        disk,
        () => {},
        none,
        () => {},
      ),
      charger: { start() {}, want() {}, readNow() {}, close: async () => {} },
      clock: { monoMs: () => 5, wallMs: () => 6, stamp: () => at },
      timers: { after: () => () => {}, every: () => () => {} },
      random: () => 0.5,
      log: silentLog,
      publish() {},
      onExit() {},
    });
  };

  it("is replayed as it was written", () => {
    expect(open(JSON.stringify(durable)).state.durable).toEqual(durable);
    expect(open(JSON.stringify(emptyDurable())).state.durable).toEqual(emptyDurable());
  });

  it("is refused by the name of the field when a value is gone or of another kind: never a guess", () => {
    const wrong = fc.constantFrom("[]", "{}", "-1", "1.5", '"?"', "1e999", "true", undefined);
    let refused = 0;
    fc.assert(
      fc.property(fc.constantFrom(...leavesOf(durable)), wrong, ({ path }, raw) => {
        const text = damaged(durable, path, raw);
        try {
          const { state } = open(text);
          // Taken: then it says, word for word, what was written there.
          expect(JSON.parse(JSON.stringify(state.durable))).toEqual(JSON.parse(text));
        } catch (error) {
          expect(String(error)).toContain("journal state is damaged");
          expect(String(error)).toContain(path[0] ?? "");
          refused += 1;
        }
      }),
      { numRuns: 1_000 },
    );
    expect(refused).toBeGreaterThan(600);
  });
});
