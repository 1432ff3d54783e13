// SQLite's result codes as errors that say what to do.
import { TableUnavailable } from "./port.ts";

/** The file cannot be used as it is; trying again does not help. */
export class TableBroken extends Error {
  readonly retriable = false;
}

// https://www.sqlite.org/rescode.html; extended codes carry the primary one in the low byte.
const codes = { busy: 5, locked: 6, readOnly: 8, io: 10, corrupt: 11, full: 13, cannotOpen: 14, notDb: 26 };

export function sqliteError(path: string, error: unknown): Error {
  const text = error instanceof Error ? error.message : String(error);
  const table = `table ${path}`;
  switch (codeOf(error)) {
    case codes.full:
      return new TableUnavailable(
        `${table}: disk full, nothing was written: free space where the file is, it is tried again`,
        { cause: error },
      );
    case codes.busy:
    case codes.locked:
      return new TableUnavailable(
        `${table}: another process holds the file: stop it, or give each Central its own TABLE_URL`,
        { cause: error },
      );
    case codes.io:
      return new TableUnavailable(`${table}: the disk refused (${text}): see the kernel log for its state`, {
        cause: error,
      });
    case codes.readOnly:
      return new TableBroken(`${table}: not writable: give this user write permission on file and folder`, {
        cause: error,
      });
    case codes.cannotOpen:
      return new TableBroken(
        `${table}: cannot be opened: is the folder there, and may this user write in it?`,
        {
          cause: error,
        },
      );
    case codes.corrupt:
    case codes.notDb:
      return new TableBroken(
        `${table}: no usable database (${text}): move it away together with its -wal and -shm files, then restore a copy`,
        { cause: error },
      );
    default:
      return new TableBroken(`${table}: ${text}`, { cause: error });
  }
}

function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number")
    return undefined;
  return error.errcode & 0xff;
}
