// `ev token NAME…`: prints tokens for drivers on other hosts, or for an operator, signed with this Central's key.
import { existsSync } from "node:fs";
import { openTokens } from "../../central-fn/api/tokens.ts";
import { Complaint } from "../fleet/complaint.ts";
import { placesOf } from "../fleet/places.ts";
import { driverIdIn } from "../fleet/typed-names.ts";
import type { Arguments } from "./arguments.ts";
import { durationOption } from "./duration-option.ts";
import type { Output } from "./output.ts";

const validForS = 30 * 86_400;

/** One token per line and nothing else on standard output, so that `EV_TOKEN=$(ssh server npx ev token frank)` works. */
export async function token(args: Arguments, output: Output): Promise<number> {
  const startedMs = performance.now();
  if (args.words.length === 0)
    throw new Complaint("token for whom? For instance `ev token driver-frank`, or `ev token operator`");
  const { tokenKey, state } = placesOf(args.stateDir);
  if (!existsSync(tokenKey))
    throw new Complaint(
      `no Central has run with state ${state}, so there is no key here to sign with: run this on Central's host`,
    );
  const tokens = openTokens(tokenKey);
  const ms = durationOption(args, "--for");
  const expiresInS = ms === undefined ? validForS : Math.round(ms / 1_000);
  const expires = new Date(Date.now() + expiresInS * 1_000).toISOString();
  const made = [];
  for (const word of args.words) {
    const caller =
      word === "operator"
        ? ({ sub: "operator", role: "operator" } as const)
        : ({ sub: driverIdIn(word), role: "driver" } as const);
    made.push({ ...caller, expires, token: await tokens.sign({ ...caller, expiresInS }) });
  }
  const tookMs = Math.round(performance.now() - startedMs);
  if (args.flags.has("--json")) {
    output.line(JSON.stringify({ verb: "token", took_ms: tookMs, tokens: made }, null, 2));
    return 0;
  }
  for (const one of made) output.line(one.token);
  const whom = made.map(({ sub }) => sub).join(", ");
  output.note(`for ${whom}, until ${expires}: whoever has one may act as its owner`);
  return 0;
}
