// Where fetched servers are kept: outside the tree, one copy for every clone of this project.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { moveFolder } from "../fleet/move-folder.ts";

export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "ev-charging");
}

/**
 * The folder `name` of the cache, which `fill` has filled once. One rename at the end: an interrupted fetch never
 * looks complete, and two at once do no harm.
 */
export async function fetchedOnce(name: string, fill: (fresh: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), name);
  if (existsSync(folder)) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  const fresh = mkdtempSync(join(dirname(folder), "fetch-"));
  try {
    await fill(fresh);
    // One that is there is as good.
    moveFolder(fresh, folder);
    return folder;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
