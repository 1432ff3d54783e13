// The consumer group rules, told as stories: who asks what and when, and what each is answered.
import { describe, expect, test } from "vitest";
import { errors } from "../../../../../simulator/brokers/kafka/codec/errors.ts";
import { nextDeadlineMs, stepGroup } from "../../../../../simulator/brokers/kafka/group/rules.ts";
import {
  emptyGroup,
  type Group,
  type GroupAnswer,
  type GroupInput,
  type Phase,
  restored,
  stored,
} from "../../../../../simulator/brokers/kafka/group/state.ts";

const sessionMs = 10_000;
const rebalanceMs = 30_000;

describe("a newcomer", () => {
  test("is named first and joins with that name; alone it leads the first generation", () => {
    const story = new Story();
    expect(story.join("", { fresh: "a" })).toMatchObject({ error: errors.memberIdRequired, memberId: "a" });
    expect(story.join("a")).toMatchObject({ error: 0, generation: 1, leader: "a", memberId: "a" });
    expect(story.phase).toBe("syncing");
    expect(story.sync("a", 1, { a: "all" })).toMatchObject({ error: 0, assignment: Buffer.from("all") });
    expect(story.phase).toBe("stable");
  });

  test("that cannot come back with a name (old clients) is let in at once", () => {
    const story = new Story();
    expect(story.join("", { fresh: "a", knowsPromises: false })).toMatchObject({ error: 0, memberId: "a" });
  });

  test("makes the others join again, and only the leader hears who the members are", () => {
    const story = Story.of("a");
    const b = story.later(story.joining("b"));
    expect(story.heartbeat("a")).toBe(errors.rebalanceInProgress);
    expect(b()).toBeUndefined();
    const a = story.join("a");
    expect(a).toMatchObject({ error: 0, generation: 2, leader: "a" });
    expect(a?.is === "join" && a.members.map(({ id }) => id)).toEqual(["a", "b"]);
    expect(b()).toMatchObject({ error: 0, generation: 2, leader: "a", members: [] });
  });

  test("that was named and never came back holds up the others no longer than its session", () => {
    const story = Story.of("a");
    story.join("", { fresh: "ghost" });
    const b = story.later(story.joining("b"));
    story.heartbeat("a");
    const a = story.later(story.joining("a"));
    expect([a(), b()]).toEqual([undefined, undefined]);
    story.pass(sessionMs);
    expect([a(), b()]).toMatchObject([
      { error: 0, generation: 2 },
      { error: 0, generation: 2 },
    ]);
  });
});

test("the protocol is one that all support, and of those the one that most prefer", () => {
  const story = new Story();
  story.joining("a", { protocols: ["x", "y", "z"] });
  story.joining("b", { protocols: ["z", "y"] });
  story.joining("c", { protocols: ["y", "z"] });
  story.join("a", { protocols: ["x", "y", "z"] });
  expect(story.group).toMatchObject({ phase: "syncing", protocol: "y" });
});

describe("who is refused", () => {
  const strangers = { memberId: "x", error: errors.unknownMemberId };
  test.each([
    ["a stranger's join", (story: Story) => story.join("x"), strangers],
    ["a stranger's sync", (story: Story) => story.sync("x", 1), { error: errors.unknownMemberId }],
    ["another kind of group", (story: Story) => story.join("", { type: "connect" }), inconsistent()],
    ["no protocol in common", (story: Story) => story.join("", { protocols: ["other"] }), inconsistent()],
    ["no protocol at all", (story: Story) => story.join("", { protocols: [] }), inconsistent()],
    [
      "a sync of an old generation",
      (story: Story) => story.sync("a", 0),
      { error: errors.illegalGeneration },
    ],
  ])("%s", (_, act, answer) => {
    const story = Story.of("a");
    expect(act(story)).toMatchObject(answer);
    expect([story.phase, story.group.generation]).toEqual(["stable", 1]);
  });

  test.each<[string, "heartbeat" | "commit" | "leave", string, number, Phase, number]>([
    ["a heartbeat of a member", "heartbeat", "a", 1, "stable", errors.none],
    ["a heartbeat of a stranger", "heartbeat", "x", 1, "stable", errors.unknownMemberId],
    ["a heartbeat of an old generation", "heartbeat", "a", 0, "stable", errors.illegalGeneration],
    ["a heartbeat while others join", "heartbeat", "a", 1, "joining", errors.rebalanceInProgress],
    ["a heartbeat before the assignment", "heartbeat", "a", 2, "syncing", errors.none],
    ["a commit of a member", "commit", "a", 1, "stable", errors.none],
    ["a commit of a stranger", "commit", "x", 1, "stable", errors.unknownMemberId],
    ["a commit of an old generation", "commit", "a", 0, "stable", errors.illegalGeneration],
    ["a commit from outside while there are members", "commit", "", -1, "stable", errors.unknownMemberId],
    ["a commit from outside when nobody is a member", "commit", "", -1, "empty", errors.none],
    ["a commit with what was read before, while others join", "commit", "a", 1, "joining", errors.none],
    ["a commit before the assignment", "commit", "a", 2, "syncing", errors.rebalanceInProgress],
    ["a stranger's leave", "leave", "x", 1, "stable", errors.unknownMemberId],
  ])("%s", (_, is, memberId, generation, phase, error) => {
    const story = phase === "empty" ? new Story() : Story.of("a");
    if (phase === "joining" || phase === "syncing") story.joining("b");
    if (phase === "syncing") story.join("a");
    expect(story.phase).toBe(phase);
    expect(story.ask(is, memberId, generation)).toEqual({ is: "plain", error });
  });
});

describe("sync", () => {
  test("waits for the leader, then everybody gets their own part", () => {
    const story = Story.of("a", "b");
    story.joining("c");
    story.joining("b");
    story.join("a");
    const b = story.later(story.syncing("b", 3));
    expect(b()).toBeUndefined();
    expect(story.sync("a", 3, { a: "1", b: "2", c: "3" })).toMatchObject({ assignment: Buffer.from("1") });
    expect(b()).toMatchObject({ error: 0, assignment: Buffer.from("2") });
    expect(story.sync("c", 3)).toMatchObject({ error: 0, assignment: Buffer.from("3") });
  });

  test("is broken off when the next rebalance begins", () => {
    const story = Story.of("a");
    story.joining("b");
    story.join("a");
    const b = story.later(story.syncing("b", 2));
    story.joining("c");
    expect(b()).toMatchObject({ error: errors.rebalanceInProgress });
  });

  test("asked again gives the same part; so does a join that is repeated", () => {
    const story = Story.of("a", "b");
    expect(story.sync("b", 2)).toMatchObject({ error: 0, assignment: Buffer.from("part of b") });
    expect(story.join("b")).toMatchObject({ error: 0, generation: 2, leader: "a" });
    expect(story.phase).toBe("stable");
  });

  test("with another subscription is a rebalance", () => {
    const story = Story.of("a", "b");
    story.joining("b", { metadata: "more topics" });
    expect(story.phase).toBe("joining");
  });
});

describe("time", () => {
  test("a member that is not heard of for its session time is out, and the others rebalance", () => {
    const story = Story.of("a", "b");
    story.pass(sessionMs - 1);
    expect(story.heartbeat("a")).toBe(errors.none);
    story.pass(1);
    expect(story.members).toEqual(["a"]);
    expect(story.heartbeat("a")).toBe(errors.rebalanceInProgress);
    expect(story.join("a")).toMatchObject({ generation: 3, leader: "a" });
  });

  test("heartbeats keep a member for ever", () => {
    const story = Story.of("a");
    for (let i = 0; i < 20; i++) {
      story.pass(sessionMs - 1);
      expect(story.heartbeat("a")).toBe(errors.none);
    }
  });

  test("a commit is a sign of life too", () => {
    const story = Story.of("a");
    for (let i = 0; i < 3; i++) {
      story.pass(sessionMs - 1);
      expect(story.ask("commit", "a", 1)).toEqual({ is: "plain", error: errors.none });
    }
  });

  test("a member that joins no more is left behind after the rebalance time, though it lives", () => {
    const story = Story.of("a", "b");
    const c = story.later(story.joining("c"));
    const b = story.later(story.joining("b"));
    for (let i = 0; i < 4; i++) {
      story.pass(rebalanceMs / 4);
      story.ask("heartbeat", "a", 2);
    }
    expect(story.members).toEqual(["b", "c"]);
    expect([b(), c()]).toMatchObject([
      { error: 0, leader: "b" },
      { error: 0, leader: "b" },
    ]);
  });

  test("a leader that never says who gets what is put out, and the others begin again", () => {
    const story = Story.of("a", "b");
    story.joining("b", { metadata: "changed" });
    story.join("a");
    const b = story.later(story.syncing("b", 3));
    for (let i = 0; i < 4; i++) {
      story.pass(rebalanceMs / 4);
      story.ask("heartbeat", "a", 3);
    }
    expect(b()).toMatchObject({ error: errors.rebalanceInProgress });
    expect(story.members).toEqual(["b"]);
  });

  test("nothing is waited for when nobody is there", () => {
    const story = Story.of("a");
    expect(story.ask("leave", "a", 1)).toEqual({ is: "plain", error: errors.none });
    expect([story.phase, nextDeadlineMs(story.group)]).toEqual(["empty", Number.POSITIVE_INFINITY]);
  });
});

describe("leaving", () => {
  test("gives the leadership on and makes the others rebalance at once", () => {
    const story = Story.of("a", "b");
    story.ask("leave", "a", 2);
    expect(story.join("b")).toMatchObject({ generation: 3, leader: "b" });
  });

  test("while joining lets the others go on without the one who left", () => {
    const story = Story.of("a");
    const b = story.later(story.joining("b"));
    story.ask("leave", "a", 1);
    expect(b()).toMatchObject({ error: 0, generation: 2, leader: "b" });
  });
});

describe("a restart of the broker", () => {
  test("leaves a group as it was, its members with one session's time", () => {
    const story = Story.of("a", "b");
    story.restart();
    expect(story.heartbeat("a")).toBe(errors.none);
    expect(story.sync("b", 2)).toMatchObject({ assignment: Buffer.from("part of b") });
    story.pass(sessionMs);
    expect(story.members).toEqual([]);
  });

  test("in the middle of a rebalance begins it again", () => {
    const story = Story.of("a");
    story.joining("b");
    story.join("a");
    story.restart();
    expect(story.heartbeat("a", 2)).toBe(errors.rebalanceInProgress);
    const a = story.later(story.joining("a"));
    story.joining("b");
    expect(a()).toMatchObject({ error: 0, generation: 3 });
  });
});

interface Joining {
  fresh?: string;
  knowsPromises?: boolean;
  type?: string;
  protocols?: string[];
  metadata?: string;
}

function inconsistent() {
  return { error: errors.inconsistentGroupProtocol };
}

/** One group from its beginning, with a clock that only `pass` moves. */
class Story {
  group: Group = emptyGroup;
  #nowMs = 1_000_000;
  #tickets = 0;
  readonly #answers = new Map<number, GroupAnswer>();

  /** A stable group of these members, who came one after the other; the first leads. */
  static of(...ids: string[]): Story {
    const story = new Story();
    for (const [i, id] of ids.entries()) {
      story.joining(id);
      for (const other of ids.slice(0, i)) story.join(other);
      const parts = Object.fromEntries(ids.map((one) => [one, `part of ${one}`]));
      for (const one of ids.slice(0, i + 1)) story.sync(one, i + 1, one === ids[0] ? parts : {});
    }
    return story;
  }

  get phase(): Phase {
    return this.group.phase;
  }

  get members(): string[] {
    return [...this.group.members.keys()].sort();
  }

  /** Takes the time to `ms` later, ticking whenever the group wants to be ticked. */
  pass(ms: number): void {
    const until = this.#nowMs + ms;
    for (let next = nextDeadlineMs(this.group); next <= until; next = nextDeadlineMs(this.group)) {
      this.#nowMs = Math.max(this.#nowMs, next);
      this.#step({ is: "tick" });
    }
    this.#nowMs = until;
  }

  restart(): void {
    this.group = restored(stored(this.group), this.#nowMs);
  }

  /** The answer to a ticket, now or when it has come. */
  later(ticket: number): () => GroupAnswer | undefined {
    return () => this.#answers.get(ticket);
  }

  /** Asks to join, a newcomer under the name it is first given; returns the ticket. */
  joining(id: string, how: Joining = {}): number {
    const isNew = id === "" || !(this.group.members.has(id) || this.group.promised.has(id));
    if (isNew && id !== "") this.#join("", { ...how, fresh: id });
    return this.#join(id, how);
  }

  /** Asks to join under exactly this id. */
  join(id: string, how: Joining = {}): GroupAnswer | undefined {
    return this.#answers.get(this.#join(id, how));
  }

  syncing(memberId: string, generation: number, parts: Record<string, string> = {}): number {
    const assignments = Object.entries(parts).map(([to, part]) => ({
      memberId: to,
      assignment: Buffer.from(part),
    }));
    return this.#step({ is: "sync", ticket: 0, memberId, generation, assignments });
  }

  sync(memberId: string, generation: number, parts?: Record<string, string>): GroupAnswer | undefined {
    return this.#answers.get(this.syncing(memberId, generation, parts));
  }

  ask(is: "heartbeat" | "commit" | "leave", memberId: string, generation: number): GroupAnswer | undefined {
    return this.#answers.get(this.#step({ is, ticket: 0, memberId, generation }));
  }

  heartbeat(memberId: string, generation = this.group.generation): number | undefined {
    return this.ask("heartbeat", memberId, generation)?.error;
  }

  #join(memberId: string, how: Joining): number {
    return this.#step({
      is: "join",
      ticket: 0,
      memberId,
      freshId: how.fresh ?? "fresh",
      knowsPromises: how.knowsPromises ?? true,
      clientId: "client",
      clientHost: "/127.0.0.1",
      sessionMs,
      rebalanceMs,
      protocolType: how.type ?? "consumer",
      protocols: (how.protocols ?? ["range"]).map((name) => ({
        name,
        metadata: Buffer.from(how.metadata ?? memberId),
      })),
    });
  }

  /** Every step must leave the group it was given as it was: the rules are pure. */
  #step(input: GroupInput): number {
    const ticket = ++this.#tickets;
    const before = stored(this.group);
    const given = this.group;
    const { group, answers } = stepGroup(
      given,
      input.is === "tick" ? input : { ...input, ticket },
      this.#nowMs,
    );
    expect(stored(given)).toBe(before);
    for (const one of answers) {
      expect(this.#answers.has(one.ticket), `request ${one.ticket} is answered twice`).toBe(false);
      this.#answers.set(one.ticket, one.answer);
    }
    this.group = group;
    return ticket;
  }
}
