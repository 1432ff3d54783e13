// Texts as people type them.

/** Names of places and streets come again and again. */
const folded = new Map<string, string>();
const foldedAtMost = 20_000;

/** Compared without case and accents: "malaga" finds Málaga. */
export function fold(text: string): string {
  const known = folded.get(text);
  if (known !== undefined) return known;
  const fresh = text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  if (folded.size >= foldedAtMost) folded.clear();
  folded.set(text, fresh);
  return fresh;
}
