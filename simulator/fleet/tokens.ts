// Tokens of this machine: each driver's, written where its phone reads it, and the operator's for page and view.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { openTokens } from "../../central-fn/api/tokens.ts";
import { driverIdOf } from "../workers/simulated.ts";
import { phoneTokensPath } from "../workers/worker-specs.ts";
import type { Servers } from "./addresses.ts";
import { Complaint } from "./complaint.ts";
import { writePrivate } from "./fleet-files.ts";
import type { Places } from "./places.ts";
import type { ServiceSpec } from "./service-spec.ts";
import { driverTokenPath } from "./services.ts";

/** Longest life of what is signed without being asked; a key that was replaced verifies as long. */
export const driverTokenS = 30 * 86_400;
const operatorTokenS = 7 * 86_400;

/** Rejects with a Complaint when a driver has no token for a Central elsewhere: only that Central's host can give one. */
export async function checkTokens(
  specs: readonly ServiceSpec[],
  places: Places,
  servers: Servers,
  given: ReadonlyMap<string, string>,
): Promise<void> {
  if (!servers.centralUrl) return;
  const without: string[] = [];
  for (const { role, subject } of specs)
    if (role === "driver" && subject && !given.has(subject) && !(await hasForeignToken(subject, places)))
      without.push(subject);
  if (without.length > 0)
    throw new Complaint(
      `no token for ${without.join(", ")} at ${servers.centralUrl}: run \`ev token ${without.join(" ")}\` on Central's host, and give what it prints as EV_TOKEN, or in a file as EV_TOKEN_FILE`,
    );
}

/** A token of this host's own key was meant for the Central that ran here, and no other takes it. */
async function hasForeignToken(driver: string, places: Places): Promise<boolean> {
  const path = driverTokenPath(places, driver);
  if (!existsSync(path)) return false;
  if (!existsSync(places.tokenKey)) return true;
  const known = await openTokens(places.tokenKey).verify(readFileSync(path, "utf8").trim());
  return known === undefined;
}

/** Before a phone starts: a fresh token, or the one that was given for a Central elsewhere. */
export async function prepareTokens(
  spec: ServiceSpec,
  places: Places,
  servers: Servers,
  given: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  if (spec.role === "drivers") return preparePhones(spec.holds ?? 0, places, servers);
  if (spec.role !== "driver" || spec.subject === null) return;
  const path = driverTokenPath(places, spec.subject);
  await checkTokens([spec], places, servers, given);
  const gift = given.get(spec.subject);
  if (gift) writePrivate(path, `${gift}\n`);
  if (servers.centralUrl) return;
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

/**
 * New tokens, by the key that signs now, for all phones of this host that hold one of ours; they read it at their next
 * request. Answers whose.
 */
export async function renewTokens(places: Places): Promise<string[]> {
  const tokens = openTokens(places.tokenKey);
  const renewed = async (token: string) => {
    const caller = await tokens.verify(token);
    if (caller?.role !== "driver") return undefined;
    return { sub: caller.sub, token: await tokens.sign({ ...caller, expiresInS: driverTokenS }) };
  };
  const done: string[] = [];
  for (const file of readdirSync(places.run).filter((name) => name.endsWith(".token"))) {
    const path = join(places.run, file);
    const fresh = await renewed(readFileSync(path, "utf8").trim());
    if (!fresh) continue;
    writePrivate(path, `${fresh.token}\n`);
    done.push(fresh.sub);
  }
  const many = phoneTokensPath(places);
  if (!existsSync(many)) return done;
  const held = z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(many, "utf8")));
  for (const [driver, token] of Object.entries(held)) {
    const fresh = await renewed(token);
    if (!fresh) continue;
    held[driver] = fresh.token;
    done.push(driver);
  }
  writePrivate(many, `${JSON.stringify(held)}\n`);
  return done;
}

/** For the operator page's link and the live view. */
export function operatorToken(places: Places): Promise<string> {
  return openTokens(places.tokenKey).sign({
    sub: "operator",
    role: "operator",
    expiresInS: operatorTokenS,
  });
}
