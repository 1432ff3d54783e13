// A driver's inbox under concurrent handlers: whoever is interleaved with whom, dies where, or is delivered again,
// the entries are numbered without a gap and each thing is told once.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { KafkaRecord } from "../../central-fn/on-event/dead-letters.ts";
import type { Step, StepAnswer, Steps } from "../../central-fn/on-event/execute.ts";
import { worksOf } from "../../central-fn/on-event/works.ts";
import { type InboxRow, keys } from "../../central-fn/tables/rows.ts";
import { alice, connectorBody, partitions, Story } from "../central-fn/on-event/story.ts";

const cps = ["CP-001", "CP-002", "CP-003"];

/** One driver asks at three charge points; two refuse, and everything that follows is told to the same inbox. */
function given() {
  const story = new Story();
  cps.forEach((cp, n) => {
    const journal = `aaaaaaaa-000${n}`;
    story.register(30_000, { cp, journal: `bbbbbbbb-000${n}` });
    story.hello({ cp, journal });
    story.status("OK", 1, { cp, journal: `cccccccc-000${n}` });
  });
  const requests = cps.map((cp, n) =>
    story.record(
      "driver.requests",
      {
        v: 1,
        type: "start",
        sid: `S-${cp}-${String(n).padStart(16, "0")}`,
        driver: alice,
        cp,
        vehicleId: "VEH-001",
        requestedAt: story.nowMs,
        expiresAt: story.nowMs + 60_000,
      },
      cp,
    ),
  );
  return { story, requests };
}

/** A partition's handler, step by step: reads the records from its place on, again from there after a death. */
class Handler {
  readonly #story: Story;
  readonly #records: readonly KafkaRecord[];
  #done = 0;
  #steps: Steps<void> | undefined;
  #answer: StepAnswer;

  constructor(story: Story, records: readonly KafkaRecord[]) {
    this.#story = story;
    this.#records = records;
  }

  get idle(): boolean {
    return this.#done >= this.#records.length;
  }

  /** One step; `dies` before its answer is heard. */
  step(dies: boolean): void {
    const record = this.#records[this.#done];
    if (!record) return;
    this.#steps ??= worksOf([record], { partitions })[0]?.steps(this.#story.nowMs);
    const next = this.#steps?.next(this.#answer);
    this.#answer = undefined;
    if (!next || next.done) {
      this.#steps = undefined;
      // A handler that dies before it told Kafka gets the record again.
      if (!dies) this.#done += 1;
      return;
    }
    this.#answer = this.#story.hand(next.value as Step);
    if (!dies) return;
    this.#steps = undefined;
    this.#answer = undefined;
  }
}

test("is gapless and tells everything once, however handlers interleave, conflict, die and begin anew", () => {
  let conflicts = 0;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 0, max: 11 })), { maxLength: 250, size: "max" }),
      (moves) => {
        const { story, requests } = given();
        const commit = story.table.commitNow.bind(story.table);
        const told = () =>
          story.table
            .queryNow<InboxRow>(`driver#${alice}`, { prefix: "inbox#" })
            .map(({ value }) => `${value.event} ${value.cp}`);
        const run = (handlers: Handler[]) => {
          for (const [which, luck] of moves) handlers[which % handlers.length]?.step(luck === 0);
          while (handlers.some(({ idle }) => !idle)) for (const handler of handlers) handler.step(false);
        };
        story.table.commitNow = (writes) => {
          const result = commit(writes);
          if (result.is === "conflict") conflicts += 1;
          return result;
        };
        // Each request is also delivered to a second copy of its handler, which believes to own the partition.
        run([...requests, ...requests].map((record) => new Handler(story, [record])));
        const accepted = told().filter((entry) => entry.startsWith("accepted"));
        expect(accepted).toHaveLength(1);
        expect(told().filter((entry) => entry.startsWith("rejected"))).toHaveLength(2);
        const at = accepted[0]?.slice("accepted ".length) ?? "";
        const sid = `S-${at}-${String(cps.indexOf(at)).padStart(16, "0")}`;
        const grant = story.grantOf(sid);
        const journal = `aaaaaaaa-000${cps.indexOf(at)}`;
        const stamp = { boot: "boot-1", mono: 2_000_000, wall: story.nowMs, synced: true };
        const started = { ...grant, registerStartWh: 1_000, startedAt: stamp };
        const ended = {
          ...started,
          registerEndWh: 2_000,
          endedAt: stamp,
          durationMs: 1_000,
          reason: "Local",
          plugged: false,
        };
        const events = [
          story.event("session.started", started, { cp: at, journal }),
          story.event("session.suspended", { ...grant, registerWh: 1_500, by: "EV" }, { cp: at, journal }),
          story.event("session.ended", ended, { cp: at, journal }),
          story.event("connector", connectorBody, { cp: at, journal }),
        ];
        run([events, events].map((records) => new Handler(story, records)));
        const inbox = told().filter((entry) => entry.endsWith(at));
        expect(inbox).toEqual(
          ["accepted", "started", "suspended", "completed"].map((event) => `${event} ${at}`),
        );
        expect(story.inbox(), "numbered from one without a gap").toHaveLength(6);
        expect(story.driver()).toMatchObject({ inboxLast: 6, activeSid: null });
        expect(story.table.getNow(keys.cdr(alice, sid))).toBeDefined();
        expect(story.cdrs()).toHaveLength(1);
      },
    ),
    { numRuns: 150 },
  );
  expect(conflicts, "handlers did get in each other's way").toBeGreaterThan(100);
});
