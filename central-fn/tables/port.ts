// The small table port behind which DynamoDB (cloud) and SQLite (local, on premises) are equal.
//
// 1. `commit` is atomic over at most 100 writes, each on a different key, each with the version it expects.
// 2. A version starts at 1 and rises by 1 with each write of the key; a deleted key starts anew.
// 3. Reads are strongly consistent; a query is ordered by sk (bytes of UTF-8).

export interface Key {
  pk: string;
  sk: string;
}

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

export interface Row<V = unknown> extends Key {
  version: number;
  value: V;
}

export type Write =
  /** `expect` 0: the key must be absent; "any": unconditional. */
  | { do: "put"; key: Key; value: unknown; expect: number | "any" }
  | { do: "delete"; key: Key; expect: number | "any" }
  /** No change, only the condition. */
  | { do: "check"; key: Key; expect: number };

export type CommitResult = { is: "done" } | { is: "conflict"; keys: Key[] };

export interface QueryRange {
  /** Inclusive bounds on sk. */
  from?: string;
  to?: string;
  /** Sk starts with this; not together with from/to. */
  prefix?: string;
  limit?: number;
  newestFirst?: boolean;
}

/**
 * Rows that the caller has from earlier reads. One whose version is still the same may be answered by the caller's own
 * object, so that it need not be read and parsed again. Only for rows that are never deleted: of those a version is one
 * value for ever. Whoever keeps rows must not change them.
 */
export type Known = (key: Key) => Row | undefined;

export interface Table {
  get<V = unknown>(key: Key): Promise<Row<V> | undefined>;
  /** In the order of the keys; at most 100. */
  getMany(keys: readonly Key[], known?: Known): Promise<(Row | undefined)[]>;
  query<V = unknown>(pk: string, range?: QueryRange, known?: Known): Promise<Row<V>[]>;
  /** Conflict is an answer; a table that cannot be reached or is overloaded throws TableUnavailable. */
  commit(writes: readonly Write[]): Promise<CommitResult>;
  close(): Promise<void>;
}

export const maxWritesPerCommit = 100;
/** Largest value as JSON, in bytes: DynamoDB's 400 KB item limit with room for keys. */
export const maxValueBytes = 350_000;

/** Retrying helps. */
export class TableUnavailable extends Error {
  readonly retriable = true;
}
