// The id of an operator's request, minted before anything is stored: a retry gives the same id, and it tells whose it is.
import { randomBytes } from "node:crypto";
import { digest } from "./digest.ts";

export const operationIdPattern = /^O-[0-9a-f]{26}$/;
const nonceDigits = 20;
const ownerDigits = 6;

/** `O-<26 hex>`: twenty from `key` (undefined: random), six that only fit this operator. */
export function mintOperationId(operator: string, key: string | undefined): string {
  const nonce =
    key === undefined
      ? randomBytes(nonceDigits / 2).toString("hex")
      : digest("operation", operator, key).slice(0, nonceDigits);
  return `O-${nonce}${ownerOf(operator, nonce)}`;
}

/** True when it was minted for this operator, decided or not (a stranger's fits once in 16 million). */
export function isOwnOperation(operator: string, id: string): boolean {
  const hex = id.slice(2);
  return hex.slice(nonceDigits) === ownerOf(operator, hex.slice(0, nonceDigits));
}

function ownerOf(operator: string, nonce: string): string {
  return digest("owner", operator, nonce).slice(0, ownerDigits);
}
