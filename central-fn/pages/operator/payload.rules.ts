// A message's bytes for the eye: JSON indented, everything else as it is.
export function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch (error) {
    // No JSON: that may be why it is a dead letter.
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
