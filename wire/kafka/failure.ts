// What a failed produce means for its batch: the decisions of the producer, without a broker.

/** `world`: try again for ever. `data`: these bytes will never be taken. `place`: topic or partition is not there. */
export type Failure = { is: "world" | "data" | "place"; text: string };

/** Error codes of the protocol that condemn the bytes, not the moment. */
const dataTypes = new Set([
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "INVALID_RECORD",
  "INVALID_TIMESTAMP",
  "POLICY_VIOLATION",
]);
const placeTypes = new Set(["UNKNOWN_TOPIC_OR_PARTITION", "INVALID_TOPIC_EXCEPTION"]);

/**
 * Reads an error of kafkajs. Its own `retriable` is not believed: an outage comes out as a non-retriable error, so
 * the protocol's error type at the bottom of the chain of causes decides, and whatever has none is the world.
 */
export function failureOf(error: unknown): Failure {
  let text = "";
  let type = "";
  for (let e: unknown = error, depth = 0; e instanceof Error && depth < 8; e = e.cause, depth++) {
    text = e.message;
    if ("type" in e && typeof e.type === "string") type = e.type;
  }
  if (text === "") text = String(error);
  if (dataTypes.has(type)) return { is: "data", text: `${type}: ${text}` };
  if (placeTypes.has(type)) return { is: "place", text: `${type}: ${text}` };
  return { is: "world", text };
}

export interface Trouble {
  failure: Failure;
  /** Records in the batch that failed. */
  records: number;
  /** A place in it has been missing for longer than the grace period. */
  overdue: boolean;
}

/** `again`: the identical batch. `halve`: both halves in order, to find the culprit. `refuse`: this record never goes. */
export type Step = "again" | "halve" | "refuse";

export function afterFailure({ failure, records, overdue }: Trouble): Step {
  switch (failure.is) {
    case "world":
      return "again";
    case "place":
      if (!overdue) return "again";
      return records > 1 ? "halve" : "refuse";
    case "data":
      return records > 1 ? "halve" : "refuse";
  }
}

/** Pause before try number `attempt` (from 1): 100 ms doubling to 2 s, ±20 % by `random` in [0, 1). */
export function retryPauseMs(attempt: number, random: number): number {
  const base = Math.min(2_000, 100 * 2 ** Math.min(attempt - 1, 10));
  return Math.round(base * (0.8 + 0.4 * random));
}
