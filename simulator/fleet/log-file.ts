// One service's log: appended as the bytes come, bounded by moving the full file to `<name>.log.1`.
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

export interface LogFile {
  write(chunk: Buffer | string): void;
  close(): void;
}

export const logBoundBytes = 5_000_000;

/** Opens for appending. A disk that takes no more costs log lines, never the process that writes them. */
export function openLogFile(path: string, boundBytes: number = logBoundBytes): LogFile {
  mkdirSync(dirname(path), { recursive: true });
  let fd: number | undefined = openSync(path, "a");
  let size = fstatSync(fd).size;
  let refused = 0;
  const turn = (open: number) => {
    closeSync(open);
    fd = undefined;
    renameSync(path, `${path}.1`);
    fd = openSync(path, "a");
    size = 0;
    return fd;
  };
  return {
    write(chunk) {
      if (fd === undefined) return;
      const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
      try {
        const open = size > 0 && size + bytes.length > boundBytes ? turn(fd) : fd;
        if (refused > 0) {
          const note = Buffer.from(`… ${refused} bytes could not be written here\n`);
          size += writeSync(open, note);
          refused = 0;
        }
        size += writeSync(open, bytes);
      } catch {
        refused += bytes.length;
      }
    },
    close() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}
