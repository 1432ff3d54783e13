// What the machine refused (a full disk, no more files, a lost right) as one line that says what to do: such a failure
// is nobody's bug, and must not end the fleet that meets it.

/** By the system's own code; whatever is not here is told with its text alone. */
const cures: Readonly<Record<string, string>> = {
  ENOSPC: "free the disk",
  EDQUOT: "free the disk",
  EROFS: "make the disk writable",
  EACCES: "give this user the right to it",
  EPERM: "give this user the right to it",
  EMFILE: "raise the limit of open files",
  ENFILE: "raise the limit of open files",
  ENOMEM: "free memory",
  EAGAIN: "end some processes",
};

/**
 * "ENOSPC: no space left on device, write: free the disk, then `ev start`"; `next` is what to do once it is mended.
 * Undefined for an error that does not come from the operating system: that is broken code.
 */
export function worldFailureText(error: unknown, next: string): string | undefined {
  if (!(error instanceof Error && "errno" in error && typeof error.errno === "number")) return undefined;
  return `${error.message}: ${cureOf(error) ?? "mend that"}, then ${next}`;
}

/** The same, only where the cure is known: another code may be our own mistake, and then its stack is wanted. */
export function curableFailureText(error: unknown, next: string): string | undefined {
  return cureOf(error) === undefined ? undefined : worldFailureText(error, next);
}

function cureOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? cures[error.code]
    : undefined;
}
