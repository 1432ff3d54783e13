// Texts as people type them.

/** Compared without case and accents: "malaga" finds Málaga. */
export function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
