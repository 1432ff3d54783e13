// A disk so small that it can be filled: a tmpfs for one journal, where this user may mount one.
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { isCode } from "../../simulator/fleet/process-identity.ts";

export interface SmallDisk {
  path: string;
  /** Takes every free byte. */
  fill(): void;
  free(): void;
  unmount(): void;
}

/** The engine refuses starts below 8 MB free and keeps 1 MB back. */
const sizeMb = 16;

/** Null, with the reason, where mounting is not allowed. */
export function mountSmallDisk(path: string): SmallDisk | { refused: string } {
  mkdirSync(path, { recursive: true });
  const mount = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${sizeMb}m`, "tmpfs", path], {
    encoding: "utf8",
  });
  if (mount.status !== 0) return { refused: (mount.stderr || String(mount.error)).trim() };
  const filler = join(path, "filler");
  const free = () => rmSync(filler, { force: true });
  return {
    path,
    fill() {
      const file = openSync(filler, "a");
      const block = Buffer.alloc(65_536, 1);
      try {
        for (let size = block.length; size >= 4_096; ) if (writeSync(file, block, 0, size) < size) size /= 2;
      } catch (error) {
        if (!isCode(error, "ENOSPC")) throw error;
      } finally {
        closeSync(file);
      }
    },
    free,
    unmount() {
      free();
      spawnSync("umount", [path]);
    },
  };
}
