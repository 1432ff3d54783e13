// Tokens of this machine: each driver's, written where its phone reads it, and the operator's for page and view.
import { existsSync } from "node:fs";
import { openTokens } from "../../central-fn/api/tokens.ts";
import { driverIdOf } from "../workers/simulated.ts";
import { phoneTokensPath } from "../workers/worker-specs.ts";
import { writePrivate } from "./fleet-files.ts";
import type { Places } from "./places.ts";
import type { ServiceSpec } from "./service-spec.ts";
import { driverTokenPath, type Servers } from "./services.ts";

const driverTokenS = 30 * 86_400;
const operatorTokenS = 7 * 86_400;

/** Before a phone starts: a fresh token. One for a Central elsewhere is that Central's to give and left alone. */
export async function prepareTokens(spec: ServiceSpec, places: Places, servers: Servers): Promise<void> {
  if (spec.role === "drivers") return preparePhones(spec.holds ?? 0, places, servers);
  if (spec.role !== "driver" || spec.subject === null) return;
  const path = driverTokenPath(places, spec.subject);
  if (servers.centralUrl && existsSync(path)) return;
  const token = await openTokens(places.tokenKey).sign({
    sub: spec.subject,
    role: "driver",
    expiresInS: driverTokenS,
  });
  writePrivate(path, `${token}\n`);
}

/** The tokens of many simulated drivers, in one file. */
async function preparePhones(count: number, places: Places, servers: Servers): Promise<void> {
  const path = phoneTokensPath(places);
  if (servers.centralUrl && existsSync(path)) return;
  const tokens = openTokens(places.tokenKey);
  const entries = Array.from({ length: count }, async (_, i) => {
    const sub = driverIdOf(i + 1);
    return [sub, await tokens.sign({ sub, role: "driver", expiresInS: driverTokenS })] as const;
  });
  writePrivate(path, `${JSON.stringify(Object.fromEntries(await Promise.all(entries)))}\n`);
}

/** For the operator page's link and the live view. */
export function operatorToken(places: Places): Promise<string> {
  return openTokens(places.tokenKey).sign({
    sub: "operator",
    role: "operator",
    expiresInS: operatorTokenS,
  });
}
