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
  const cure = "code" in error && typeof error.code === "string" ? cures[error.code] : undefined;
  return `${error.message}: ${cure ?? "mend that"}, then ${next}`;
}
