// A folder that was made aside is put in its place at once, whole.
import { renameSync } from "node:fs";
import { isCode } from "./process-identity.ts";

/** False when a folder with something in it is there already: another process was first. */
export function moveFolder(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (isCode(error, "ENOTEMPTY") || isCode(error, "EEXIST")) return false;
    throw error;
  }
}
