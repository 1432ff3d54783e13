// What no line of a log may hold, whoever wrote it: tokens, passwords, keys. The last net; those who have a secret do not
// write it in the first place.

const nets: readonly (readonly [what: RegExp, instead: string])[] = [
  // Before the bare token, so that nothing is left of a header.
  [/\b(bearer|basic) +[\w.~+/=-]{8,}/gi, "$1 [hidden]"],
  // A JSON Web Token: its header is an object, which begins so.
  [/\beyJ[\w-]{8,}(?:\.[\w-]*){1,2}/g, "[hidden]"],
  // user:password@ in an address.
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@:]*:[^\s/@]+@/gi, "$1[hidden]@"],
  // PASSWORD=…, "password":"…"
  [
    /\b(\w*(?:password|passwd|secret|token|api_?key)(?: *= *"?|" *: *"))(?!\[hidden\])[^\s"',;&]{4,}/gi,
    "$1[hidden]",
  ],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, "[hidden]"],
];

/** Cheap to ask of a line that holds nothing of the kind. */
const suspicious = /bearer|basic|eyJ|:\/\/|passw|secret|token|api_?key|PRIVATE KEY/i;

export function redact(line: string): string {
  if (!suspicious.test(line)) return line;
  return nets.reduce((text, [what, instead]) => text.replaceAll(what, instead), line);
}

/** Whether a setting of this name holds a secret; one that ends in PATH or URL does not, but what it names may. */
export function isSecretName(name: string): boolean {
  return /(?:KEY|PASSWORD|SECRET|TOKEN)$/.test(name);
}
