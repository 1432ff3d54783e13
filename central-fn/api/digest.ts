// Several texts as one name of a fixed length.
import { createHash } from "node:crypto";

/** 64 hex digits. */
export function digest(...parts: string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
