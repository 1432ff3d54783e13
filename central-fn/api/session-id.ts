// The session's id, minted before anything is stored: a retry gives the same id, and an id tells whose it is, to whoever
// has the key. Public lists show ids of sessions: without the key nobody can try names on them.
import { createHmac } from "node:crypto";
import { dirname, join } from "node:path";
import { cpOfSid } from "../../wire/messages/index.ts";
import { digest } from "./digest.ts";
import { signingKey } from "./token-keys.ts";

const nonceDigits = 10;
const ownerDigits = 6;

export interface SessionIds {
  /** `S-<cp>-<16 hex>`: ten from `key` (an Idempotency-Key or something random), six that only fit this driver. */
  mint(driver: string, cp: string, key: string): string;
  /**
   * True when `sid` was minted for this driver, decided or not (a stranger's fits once in 16 million). It opens no
   * door by itself: rows are found under the caller's own key only.
   */
  isOwn(driver: string, sid: string): boolean;
}

/** `secret`: the same for every process of the API, and for good: a retry under another key would be another session. */
export function sessionIds(secret: Uint8Array): SessionIds {
  const ownerOf = (driver: string, cp: string, nonce: string) =>
    createHmac("sha256", secret)
      .update(JSON.stringify([driver, cp, nonce]))
      .digest("hex")
      .slice(0, ownerDigits);
  return {
    mint(driver, cp, key) {
      const nonce = digest("request", driver, cp, key).slice(0, nonceDigits);
      return `S-${cp}-${nonce}${ownerOf(driver, cp, nonce)}`;
    },
    isOwn(driver, sid) {
      const cp = cpOfSid(sid);
      if (cp === undefined) return false;
      const hex = sid.slice(-(nonceDigits + ownerDigits));
      return hex.slice(nonceDigits) === ownerOf(driver, cp, hex.slice(0, nonceDigits));
    },
  };
}

/** The secret in the file beside the token keys, made when absent. Unlike those it is never replaced. */
export function sessionSecret(tokenKeyPath: string): Uint8Array {
  return signingKey(join(dirname(tokenKeyPath), "session-ids.key"));
}

/** Ids under that secret. */
export function openSessionIds(tokenKeyPath: string): SessionIds {
  return sessionIds(sessionSecret(tokenKeyPath));
}
