// Which processes run from a build: as long as one of them lives, its services may be started from there again.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { readFile, writeJson } from "./fleet-files.ts";
import { identityOf, isAlive, isCode } from "./process-identity.ts";

const Identity = z.object({ pid: z.int(), started: z.string() });

/** Notes this process as a user of the build in `dir`; false when the build is gone. */
export function useBuild(dir: string): boolean {
  try {
    writeJson(join(dir, `user-${process.pid}.json`), identityOf(process.pid));
    return true;
  } catch (error) {
    if (isCode(error, "ENOENT")) return false;
    throw error;
  }
}

/** True while a process that noted itself there lives. */
export function isBuildUsed(dir: string): boolean {
  return readdirSync(dir)
    .filter((name) => /^user-\d+\.json$/.test(name))
    .some((name) => isAlive(readFile(join(dir, name), Identity)));
}
