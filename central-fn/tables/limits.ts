// What both table adapters refuse before they ask their store: a breach is a fault of the calling code.
import { type Key, maxValueBytes, maxWritesPerCommit, type QueryRange, type Write } from "./port.ts";

/** DynamoDB's limits, held everywhere so that what works locally works in the cloud. */
const maxPkBytes = 2_048;
const maxSkBytes = 1_024;
const maxCommitBytes = 3_900_000;
export const maxKeysPerRead = 100;

export function keyText(key: Key): string {
  return `${key.pk}|${key.sk}`;
}

/** The values of a commit as JSON, by position ("" where none is written). Throws RangeError on a breach. */
export function checkedValues(writes: readonly Write[]): string[] {
  if (writes.length === 0 || writes.length > maxWritesPerCommit)
    throw new RangeError(`a commit has 1 to ${maxWritesPerCommit} writes, this one ${writes.length}`);
  const seen = new Set<string>();
  let bytes = 0;
  return writes.map((write) => {
    checkKey(write.key);
    const name = keyText(write.key);
    if (seen.has(name)) throw new RangeError(`a commit writes a key once, this one twice: ${name}`);
    seen.add(name);
    if (write.expect !== "any" && (!Number.isSafeInteger(write.expect) || write.expect < 0))
      throw new RangeError(`expected version ${write.expect} of ${name}`);
    if (write.do !== "put") return "";
    const json = JSON.stringify(write.value);
    if (json === undefined) throw new RangeError(`the value of ${name} is no JSON`);
    const size = Buffer.byteLength(json);
    if (size > maxValueBytes)
      throw new RangeError(`the value of ${name} has ${size} bytes, at most ${maxValueBytes} allowed`);
    bytes += size;
    if (bytes > maxCommitBytes) throw new RangeError(`a commit of more than ${maxCommitBytes} bytes`);
    return json;
  });
}

export function checkKeys(keys: readonly Key[]): void {
  if (keys.length > maxKeysPerRead)
    throw new RangeError(`at most ${maxKeysPerRead} keys at once, ${keys.length} asked for`);
  for (const key of keys) checkKey(key);
}

export function checkKey(key: Key): void {
  const pk = Buffer.byteLength(key.pk);
  const sk = Buffer.byteLength(key.sk);
  if (pk === 0 || pk > maxPkBytes || sk === 0 || sk > maxSkBytes)
    throw new RangeError(
      `key ${JSON.stringify(key)}: pk has 1 to ${maxPkBytes} bytes, sk 1 to ${maxSkBytes}`,
    );
}

/** True when the range can hold nothing, so that no store need be asked. */
export function checkedRangeIsEmpty(range: QueryRange): boolean {
  const { from, to, prefix, limit } = range;
  if (prefix !== undefined && (from !== undefined || to !== undefined))
    throw new RangeError("a query has a prefix or bounds, not both");
  if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 0))
    throw new RangeError(`a query cannot return ${limit} rows`);
  if (limit === 0 || to === "") return true;
  return from !== undefined && to !== undefined && Buffer.compare(Buffer.from(from), Buffer.from(to)) > 0;
}
