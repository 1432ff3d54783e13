// Tokens of an OpenID Connect provider, checked by the keys that it publishes.
//
// 1. RS256 and ES256 alone, and only with a key made for them: a public key is never a shared secret.
// 2. Issuer, audience, expiry and key id are required; clocks may differ by a minute.
// 3. Keys rotate: a key id that is not known has them fetched again, at most once per minute, whoever asks.
import { decode, verify } from "hono/jwt";
import * as z from "zod";
import { Id } from "../../wire/messages/index.ts";
import { errorText, type Log } from "../../wire/process/log.ts";
import { Problem } from "./problem.ts";
import { type Caller, Role, type Tokens } from "./tokens.ts";

export const oidcVariables = {
  /** Without: tokens of the local key alone. */
  OIDC_ISSUER: z.url({ protocol: /^https?$/ }).optional(),
  OIDC_AUDIENCE: z.string().min(1).default("ev-api"),
  /** Which claim holds the role, a text or a list of them, and which the driver's or operator's id. */
  OIDC_ROLE_CLAIM: z.string().min(1).default("role"),
  OIDC_SUBJECT_CLAIM: z.string().min(1).default("sub"),
};

export interface OidcOptions {
  issuer: string;
  audience: string;
  roleClaim: string;
  subjectClaim: string;
  /** Milliseconds since 1970 UTC. */
  now(): number;
  log: Log;
}

const skewS = 60;
const fetchAtMostEveryMs = 60_000;
const keysFreshMs = 3_600_000;
const fetchWithinMs = 5_000;

const Discovery = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });
const Jwk = z.looseObject({
  kid: z.string(),
  kty: z.string(),
  crv: z.string().optional(),
  use: z.string().optional(),
});
type Jwk = z.infer<typeof Jwk>;
const Jwks = z.object({ keys: z.array(z.unknown()) });
const Header = z.object({ alg: z.enum(["RS256", "ES256"]), kid: z.string().min(1) });
const Times = z.object({ exp: z.number(), nbf: z.number().optional(), iat: z.number().optional() });

/** The same tokens, and besides those of the provider that OIDC_ISSUER names, where it names one. */
export function withOidc(
  tokens: Tokens,
  env: z.infer<z.ZodObject<typeof oidcVariables>>,
  parts: Pick<OidcOptions, "now" | "log">,
): Tokens {
  const { OIDC_ISSUER: issuer } = env;
  if (issuer === undefined) return tokens;
  const check = openOidc({
    issuer,
    audience: env.OIDC_AUDIENCE,
    roleClaim: env.OIDC_ROLE_CLAIM,
    subjectClaim: env.OIDC_SUBJECT_CLAIM,
    ...parts,
  });
  return {
    ...tokens,
    verify: (token) => (issuerOf(token) === issuer ? check(token) : tokens.verify(token)),
  };
}

/** Undefined for a token that is not good; 503 as a Problem when no key of the provider can be had. */
export function openOidc(options: OidcOptions): (token: string) => Promise<Caller | undefined> {
  const { issuer, audience, now } = options;
  const keyOf = openKeys(options);
  return async (token) => {
    const header = Header.safeParse(decoded(token)?.header).data;
    const key = header && (await keyOf(header.kid));
    if (!key || !fits(key, header.alg)) return undefined;
    const { crv, use: _use, ...rest } = key;
    const jwk = crv === undefined ? rest : { ...rest, crv };
    let payload: Record<string, unknown>;
    try {
      const alg = header.alg;
      // Times are judged below, with the skew.
      payload = await verify(token, jwk, {
        alg,
        iss: issuer,
        aud: audience,
        exp: false,
        nbf: false,
        iat: false,
      });
    } catch (error) {
      if (error instanceof Error && /^Jwt/.test(error.name)) return undefined;
      throw error;
    }
    const times = Times.safeParse(payload).data;
    const nowS = now() / 1_000;
    if (!times || times.exp + skewS <= nowS) return undefined;
    if (Math.max(times.nbf ?? 0, times.iat ?? 0) - skewS > nowS) return undefined;
    return callerOf(payload, times.exp, options);
  };
}

function callerOf(
  payload: Record<string, unknown>,
  exp: number,
  { roleClaim, subjectClaim }: OidcOptions,
): Caller | undefined {
  const sub = Id.safeParse(payload[subjectClaim]).data;
  const roles = [payload[roleClaim]].flat().flatMap((claim) => Role.safeParse(claim).data ?? []);
  const [role] = roles;
  // Of two roles nobody can say which is meant.
  return sub !== undefined && role !== undefined && roles.length === 1
    ? { sub, role, expiresAtMs: exp * 1_000 }
    : undefined;
}

function fits({ kty, crv, use }: Jwk, alg: "RS256" | "ES256"): boolean {
  if (use !== undefined && use !== "sig") return false;
  return alg === "RS256" ? kty === "RSA" : kty === "EC" && crv === "P-256";
}

function openKeys({ issuer, now, log }: OidcOptions): (kid: string) => Promise<Jwk | undefined> {
  let keys = new Map<string, Jwk>();
  let fetchedMs = Number.NEGATIVE_INFINITY;
  let triedMs = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | undefined;
  const fetchKeys = async () => {
    triedMs = now();
    try {
      keys = await readKeys(issuer);
      fetchedMs = now();
    } catch (error) {
      log.warn(`keys of ${issuer} cannot be read: ${errorText(error)}`);
    }
  };
  return async (kid) => {
    const isDue = !keys.has(kid) || now() - fetchedMs > keysFreshMs;
    if (isDue && (fetching || now() - triedMs >= fetchAtMostEveryMs)) {
      fetching ??= fetchKeys().finally(() => {
        fetching = undefined;
      });
      await fetching;
    }
    if (fetchedMs === Number.NEGATIVE_INFINITY)
      throw new Problem(503, "the identity provider's keys cannot be had just now", { "retry-after": "60" });
    return keys.get(kid);
  };
}

async function readKeys(issuer: string): Promise<Map<string, Jwk>> {
  const found = Discovery.parse(
    await readJson(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`),
  );
  if (found.issuer !== issuer) throw new Error(`it calls itself ${found.issuer}`);
  const { keys } = Jwks.parse(await readJson(found.jwks_uri));
  // Keys of other kinds, for other uses, may stand beside ours.
  return new Map(keys.flatMap((key) => Jwk.safeParse(key).data ?? []).map((key) => [key.kid, key]));
}

async function readJson(url: string): Promise<unknown> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(fetchWithinMs), redirect: "error" });
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
  return answer.json();
}

function issuerOf(token: string): unknown {
  return decoded(token)?.payload.iss;
}

function decoded(token: string): ReturnType<typeof decode> | undefined {
  try {
    return decode(token);
  } catch (error) {
    if (error instanceof Error && /^Jwt/.test(error.name)) return undefined;
    throw error;
  }
}
