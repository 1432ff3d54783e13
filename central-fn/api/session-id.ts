// The session's id, minted before anything is stored: a retry gives the same id, and an id tells whose it is.
import { createHash } from "node:crypto";
import { cpOfSid } from "../../wire/messages/index.ts";

const nonceDigits = 10;
const ownerDigits = 6;

/** `S-<cp>-<16 hex>`: ten from `key` (an Idempotency-Key or something random), six that only fit this driver. */
export function mintSid(driver: string, cp: string, key: string): string {
  const nonce = digest("request", driver, cp, key).slice(0, nonceDigits);
  return `S-${cp}-${nonce}${ownerOf(driver, cp, nonce)}`;
}

/**
 * True when `sid` was minted for this driver, decided or not (a stranger's fits once in 16 million). It opens no
 * door by itself: rows are found under the caller's own key only.
 */
export function isOwnSid(driver: string, sid: string): boolean {
  const cp = cpOfSid(sid);
  if (cp === undefined) return false;
  const hex = sid.slice(-(nonceDigits + ownerDigits));
  return hex.slice(nonceDigits) === ownerOf(driver, cp, hex.slice(0, nonceDigits));
}

function ownerOf(driver: string, cp: string, nonce: string): string {
  return digest("owner", driver, cp, nonce).slice(0, ownerDigits);
}

function digest(...parts: string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
