// The one interpreter of plans: read, plan, commit with the versions read, then send, then mark the commands as
// published. It yields what it wants as data, so that the process awaits it and the simulation answers at once.
//
// 1. A conflict reads everything again and decides again, a bounded number of times; then the record is retried.
// 2. Nothing is sent before the commit. A crash between the two leaves the command unpublished in its row:
//    redelivery, hello and the sweeper publish it.
import type { Log } from "../../wire/process/log.ts";
import type { CommitResult, Key, Known, Row, Table, Write } from "../tables/port.ts";
import { type Decision, keyText, type LogLine, type PlanOf, type Rows, type Send } from "./plan.ts";
import { markPublished } from "./published.ts";

export type Step =
  | { do: "read"; keys: Key[]; known?: Known }
  | { do: "query"; pk: string; known?: Known }
  | { do: "commit"; writes: Write[] }
  | { do: "send"; sends: Send[] }
  | { do: "log"; lines: LogLine[] };

export type StepAnswer = { rows: (Row | undefined)[] } | { commit: CommitResult } | undefined;
/** Work that is carried out step by step; an answer may also be an error thrown into it. */
export type Steps<T> = Generator<Step, T, StepAnswer>;

/** Others keep changing the same rows; retrying the record helps. */
export class Contended extends Error {
  readonly retriable = true;
}

const attemptsAtMost = 10;

/** Carries one plan out. `nowMs` dates the publication of its commands. */
export function* carryOut(plan: PlanOf, nowMs: number): Steps<void> {
  yield* judge(plan, nowMs);
}

/** Carries one plan out, and returns why its record is no use; undefined: it was of use. */
export function* judge(plan: PlanOf, nowMs: number): Steps<string | undefined> {
  const { sends, logs, unusable } = yield* settle(plan);
  if (logs.length > 0) yield { do: "log", lines: logs };
  if (sends.length > 0) yield* publish(sends, nowMs);
  return unusable;
}

function* publish(sends: Send[], nowMs: number): Steps<void> {
  yield { do: "send", sends };
  const published = new Map<string, string[]>();
  for (const send of sends)
    if (send.to === "cp" && send.message.kind === "command")
      published.set(send.cp, [...(published.get(send.cp) ?? []), send.message.cmdId]);
  for (const [cp, cmdIds] of published) yield* settle((rows) => markPublished(rows, cp, cmdIds, nowMs));
}

function* settle(plan: PlanOf): Steps<Decision> {
  for (let attempt = 1; attempt <= attemptsAtMost; attempt++) {
    const rows = new ReadRows();
    let planned = plan(rows);
    while ("need" in planned) {
      rows.add(planned.need, yield* readRows(planned.need));
      planned = plan(rows);
    }
    if (planned.writes.length === 0) return planned;
    const answer = yield { do: "commit", writes: planned.writes };
    if (!answer || !("commit" in answer)) throw new Error("a commit step was not answered with its result");
    if (answer.commit.is === "done") return planned;
  }
  throw new Contended(`rows changed ${attemptsAtMost} times while deciding`);
}

/** Reads rows in the order of their keys; of those that are `known` only what has changed. */
export function* readRows(keys: Key[], known?: Known): Steps<(Row | undefined)[]> {
  const answer = yield { do: "read", keys, ...(known && { known }) };
  if (!answer || !("rows" in answer)) throw new Error("a read step was not answered with rows");
  return answer.rows;
}

/** Every row of a partition; of those that are `known` only what has changed is read. */
export function* queryRows(pk: string, known?: Known): Steps<(Row | undefined)[]> {
  const answer = yield { do: "query", pk, ...(known && { known }) };
  if (!answer || !("rows" in answer)) throw new Error("a query step was not answered with rows");
  return answer.rows;
}

export class ReadRows implements Rows {
  readonly #rows = new Map<string, Row | undefined>();

  add(keys: readonly Key[], rows: readonly (Row | undefined)[]): void {
    keys.forEach((key, i) => {
      this.#rows.set(keyText(key), rows[i]);
    });
  }

  has(key: Key): boolean {
    return this.#rows.has(keyText(key));
  }

  get<V>(key: Key): Row<V> | undefined {
    if (!this.has(key)) throw new Error(`row ${keyText(key)} was used before it was read`);
    return this.#rows.get(keyText(key)) as Row<V> | undefined;
  }
}

export interface Hands {
  table: Pick<Table, "getMany" | "query" | "commit">;
  /** Resolves when Kafka has every one of them. */
  send(sends: readonly Send[]): Promise<void>;
  log: Log;
}

const keysPerRead = 100;

/** Awaits each step with real hands; what a hand throws is thrown into the work. */
export async function perform<T>(steps: Steps<T>, hands: Hands): Promise<T> {
  let next = steps.next();
  while (!next.done) {
    let answer: StepAnswer;
    try {
      answer = await performStep(next.value, hands);
    } catch (error) {
      next = steps.throw(error);
      continue;
    }
    next = steps.next(answer);
  }
  return next.value;
}

async function performStep(step: Step, hands: Hands): Promise<StepAnswer> {
  switch (step.do) {
    case "read": {
      const rows: (Row | undefined)[] = [];
      for (let i = 0; i < step.keys.length; i += keysPerRead)
        rows.push(...(await hands.table.getMany(step.keys.slice(i, i + keysPerRead), step.known)));
      return { rows };
    }
    case "query":
      return { rows: await hands.table.query(step.pk, undefined, step.known) };
    case "commit":
      return { commit: await hands.table.commit(step.writes) };
    case "send":
      await hands.send(step.sends);
      return undefined;
    case "log":
      for (const { level, text } of step.lines) hands.log[level](text);
      return undefined;
  }
}

/** The same without waiting, for hands that answer at once (the simulation). */
export function performNow<T>(steps: Steps<T>, hand: (step: Step) => StepAnswer): T {
  let next = steps.next();
  while (!next.done) {
    let answer: StepAnswer;
    try {
      answer = hand(next.value);
    } catch (error) {
      next = steps.throw(error);
      continue;
    }
    next = steps.next(answer);
  }
  return next.value;
}

/** True when the table or Kafka is away, so that no other work would be done either. */
export function isEverybodys(error: unknown): boolean {
  return isRetriable(error) && !(error instanceof Contended);
}

/** True when trying the same again can help; everything else is a bug or a record that never fits. */
export function isRetriable(error: unknown): boolean {
  return error instanceof Error && "retriable" in error && error.retriable === true;
}
