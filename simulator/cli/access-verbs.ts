// The verbs about who may speak to broker and Central: loaded when one of them is typed.
import type { Arguments } from "./arguments.ts";
import { credentials, revoke, rotateCredentials } from "./credentials.ts";
import type { Output } from "./output.ts";
import { rotateKey } from "./rotate-key.ts";

export const accessVerbs = {
  credentials,
  revoke,
  "rotate-credentials": rotateCredentials,
  "rotate-key": rotateKey,
} satisfies Record<string, (args: Arguments, output: Output) => Promise<number>>;
