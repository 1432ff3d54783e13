// Addresses of views as text: pure, for those that only name one.

/** The address of a view; empty values are left out of the query. */
export function hrefOf(path: readonly string[], query: Record<string, string | undefined> = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(given as [string, string][]).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text === "" ? "" : `?${text}`}`;
}
