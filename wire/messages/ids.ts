// Identifiers as they stand in topics, keys, rows and URLs, and the shard a charge point belongs to.
import * as z from "zod";

/**
 * A charge point, driver or vehicle id: no wildcard, separator or markup character can stand in it. What begins with a
 * dash would be an option to a shell and a formula to a spreadsheet.
 */
export const idPattern = /^[A-Za-z0-9][A-Za-z0-9-]{0,31}$/;
export const Id = z
  .string()
  .regex(idPattern, "an id is 1 to 32 of A-Z a-z 0-9 and -, which is not its first");

/** A session id carries its charge point, so that every later call finds its partition: `S-<cp>-<16 hex>`. */
export const sidPattern = /^S-([A-Za-z0-9][A-Za-z0-9-]{0,31})-([0-9a-f]{16})$/;
export const Sid = z.string().regex(sidPattern, "a session id is S-<charge point>-<16 hex digits>");

/** A command id: the session id or the charge point it concerns, then what tells it from the others. */
export const CommandId = z.string().regex(/^[A-Za-z0-9-]{1,96}$/);

export function cpOfSid(sid: string): string | undefined {
  return sidPattern.exec(sid)?.[1];
}

/** Number of shards of the MQTT topic space; fixed for ever, for devices compute it too. */
export const shardCount = 64;

const shards = new Map<string, number>();

/** FNV-1a (32 bit) of the id, modulo 64. Cached: it is asked for on every message. */
export function shardOf(cp: string): number {
  const known = shards.get(cp);
  if (known !== undefined) return known;
  let hash = 0x811c9dc5;
  for (let i = 0; i < cp.length; i++) {
    hash ^= cp.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  const shard = (hash >>> 0) % shardCount;
  if (shards.size < 100_000) shards.set(cp, shard);
  return shard;
}
