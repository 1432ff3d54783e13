// `ev rotate-key`: a new key signs this Central's tokens; the old one verifies until the tokens that it signed are over.
import { existsSync } from "node:fs";
import { loadOrMakeKeys, rotateKeys } from "../../central-fn/api/token-keys.ts";
import { keyIdOfKey } from "../../central-fn/api/tokens.ts";
import { Complaint } from "../fleet/complaint.ts";
import { placesOf } from "../fleet/places.ts";
import { driverTokenS, renewTokens } from "../fleet/tokens.ts";
import type { Arguments } from "./arguments.ts";
import { durationOption } from "./duration-option.ts";
import type { Output } from "./output.ts";
import { durationText } from "./text.ts";

export async function rotateKey(args: Arguments, output: Output): Promise<number> {
  const startedMs = performance.now();
  const places = placesOf(args.stateDir);
  if (!existsSync(places.tokenKey))
    throw new Complaint(
      `no Central has run with state ${places.state}, so there is no key here to replace: run this on Central's host`,
    );
  const nowMs = Date.now();
  const untilMs = nowMs + (durationOption(args, "--for") ?? driverTokenS * 1_000);
  rotateKeys(places.tokenKey, untilMs, nowMs);
  const renewed = await renewTokens(places);
  const [signing, ...older] = loadOrMakeKeys(places.tokenKey).map(({ bytes, untilMs: until }) => ({
    kid: keyIdOfKey(bytes),
    until: until === null ? null : new Date(until).toISOString(),
  }));
  const tookMs = performance.now() - startedMs;
  if (args.flags.has("--json")) {
    const told = { signs: signing?.kid, verify: older, renewed };
    output.line(JSON.stringify({ verb: "rotate-key", took_ms: Math.round(tookMs), ...told }, null, 2));
    return 0;
  }
  output.line(`key ${signing?.kid} signs from now on; Central takes it up at its next request`);
  for (const { kid, until } of older) output.line(`key ${kid} verifies what it signed until ${until}`);
  output.line(
    renewed.length > 0
      ? `new tokens for ${renewed.length > 6 ? `${renewed.length} drivers` : renewed.join(", ")} of this host, taken up at their next request`
      : "no driver of this host holds a token",
  );
  output.line("operators and drivers elsewhere need new ones by then: `ev token`");
  output.line(`rotated in ${durationText(tookMs)}`);
  return 0;
}
