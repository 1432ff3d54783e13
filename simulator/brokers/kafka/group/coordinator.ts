// The shell of the group rules: keeps the groups, makes them durable before anybody hears of a change, ticks them when
// a deadline comes, and lets a request wait for its answer.
import { randomUUID } from "node:crypto";
import type { Store } from "../store.ts";
import { nextDeadlineMs, stepGroup } from "./rules.ts";
import { emptyGroup, type Group, type GroupAnswer, type GroupInput, restored, stored } from "./state.ts";

type Question = Exclude<GroupInput, { is: "tick" }>;
/** A question as its API asks it: the ticket, and a name for a newcomer, are given here. */
export type Asked<K extends Question["is"]> = Omit<Extract<Question, { is: K }>, "ticket" | "freshId">;
type AnswerTo<K extends Question["is"]> = Extract<
  GroupAnswer,
  { is: K extends "join" | "sync" ? K : "plain" }
>;

const longestTimerMs = 2 ** 31 - 1;

export class Coordinator {
  readonly #store: Store;
  readonly #nowMs: () => number;
  readonly #groups = new Map<string, Group>();
  readonly #timers = new Map<string, { atMs: number; timer: NodeJS.Timeout }>();
  readonly #waiting = new Map<number, (answer: GroupAnswer) => void>();
  #tickets = 0;

  constructor(store: Store, nowMs: () => number = Date.now) {
    this.#store = store;
    this.#nowMs = nowMs;
    for (const { id, state } of store.groups()) {
      this.#groups.set(id, restored(state, nowMs()));
      this.#arm(id);
    }
  }

  /** Resolves when the group's rules answer: at once, or with the other members. */
  async ask<K extends Question["is"]>(groupId: string, asked: Asked<K> & { is: K }): Promise<AnswerTo<K>> {
    const ticket = ++this.#tickets;
    const answer = new Promise<GroupAnswer>((resolve) => this.#waiting.set(ticket, resolve));
    const clientId = "clientId" in asked ? String(asked.clientId) : "";
    const question = { ...asked, ticket, freshId: `${clientId}-${randomUUID()}` };
    this.#step(groupId, question as unknown as Question);
    return (await answer) as AnswerTo<K>;
  }

  group(groupId: string): Group | undefined {
    return this.#groups.get(groupId);
  }

  ids(): string[] {
    return [...new Set([...this.#groups.keys(), ...this.#store.committingGroups()])];
  }

  /** No more ticks; requests that wait are never answered. */
  close(): void {
    for (const { timer } of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #step(groupId: string, input: GroupInput): void {
    const { group, answers, durable } = stepGroup(
      this.#groups.get(groupId) ?? emptyGroup,
      input,
      this.#nowMs(),
    );
    if (durable) this.#store.putGroup(groupId, stored(group));
    // A question about a group that nobody joined leaves nothing behind.
    if (group.generation > 0 || group.members.size > 0 || group.promised.size > 0)
      this.#groups.set(groupId, group);
    else this.#groups.delete(groupId);
    this.#arm(groupId);
    for (const { ticket, answer } of answers) {
      this.#waiting.get(ticket)?.(answer);
      this.#waiting.delete(ticket);
    }
  }

  /** A timer that is due earlier than needed is left alone: it ticks in vain and arms the next. */
  #arm(groupId: string): void {
    const group = this.#groups.get(groupId);
    const atMs = group ? nextDeadlineMs(group) : Number.POSITIVE_INFINITY;
    const armed = this.#timers.get(groupId);
    if (armed && armed.atMs <= atMs && atMs !== Number.POSITIVE_INFINITY) return;
    if (armed) clearTimeout(armed.timer);
    this.#timers.delete(groupId);
    if (atMs === Number.POSITIVE_INFINITY) return;
    const ring = () => {
      this.#timers.delete(groupId);
      this.#step(groupId, { is: "tick" });
    };
    const timer = setTimeout(ring, Math.min(longestTimerMs, Math.max(0, atMs - this.#nowMs())));
    this.#timers.set(groupId, { atMs, timer });
  }
}
