// Bearer tokens: JSON Web Tokens signed with a local key. Who may call at all, and as whom.
//
// 1. One algorithm, one issuer, one audience, key ids that are ours; a token without expiry is none.
// 2. Keys rotate without a restart: the newest signs, an older one verifies until its time is over.
import { createHash } from "node:crypto";
import { decode, sign, verify } from "hono/jwt";
import * as z from "zod";
import { Id } from "../../wire/messages/index.ts";
import { fileVersion } from "../../wire/process/file-version.ts";
import { loadOrMakeKeys, type TokenKey } from "./token-keys.ts";

const algorithm = "HS256";
const issuer = "ev-local";
const audience = "ev-api";
/** What opens an event stream is no token for anything else, nor the other way round. */
const cookieAudience = "ev-events";
export const eventsCookie = "ev-events";

export const Role = z.enum(["operator", "driver", "device"]);
export type Role = z.infer<typeof Role>;

const Claims = z.object({ sub: Id, role: Role, exp: z.number() });

/** Whoever calls: `sub` is the driver's, operator's or charge point's id. */
export interface Caller {
  sub: string;
  role: Role;
  /** When the token that says so is over, in ms UTC. */
  expiresAtMs: number;
}

export interface Tokens {
  sign(claims: Pick<Caller, "sub" | "role"> & { expiresInS: number }): Promise<string>;
  /** Undefined for every token that is not ours, not for us, or over. */
  verify(token: string): Promise<Caller | undefined>;
  /** The value of the cookie that opens the caller's event stream. */
  signCookie(caller: Caller): Promise<string>;
  verifyCookie(value: string): Promise<Caller | undefined>;
}

/** Tokens under the keys in the file `keyPath`, which is made when absent and read again when it was replaced. */
export function openTokens(keyPath: string): Tokens {
  let ring = ringOf(loadOrMakeKeys(keyPath));
  let seen = fileVersion(keyPath);
  return tokensUnder(() => {
    const version = fileVersion(keyPath);
    if (version !== undefined && version !== seen) {
      ring = ringOf(loadOrMakeKeys(keyPath));
      seen = version;
    }
    return ring;
  });
}

/** `key` has at least 32 bytes. */
export function tokensOf(key: Uint8Array): Tokens {
  const ring = ringOf([{ bytes: key, untilMs: null }]);
  return tokensUnder(() => ring);
}

/** What tokens signed by this key carry as its name. */
export function keyIdOfKey(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 8);
}

interface Ring {
  signing: { kty: string; alg: string; kid: string; k: string };
  verifying: ReadonlyMap<unknown, { key: Promise<CryptoKey>; untilMs: number | null }>;
}

function ringOf(keys: readonly TokenKey[]): Ring {
  const [first] = keys;
  if (!first) throw new Error("no token key to sign with");
  for (const { bytes } of keys)
    if (bytes.byteLength < 32)
      throw new Error(`a token key has at least 32 bytes, this one ${bytes.byteLength}`);
  return {
    signing: {
      kty: "oct",
      alg: algorithm,
      kid: keyIdOfKey(first.bytes),
      k: Buffer.from(first.bytes).toString("base64url"),
    },
    verifying: new Map(
      keys.map(({ bytes, untilMs }) => [keyIdOfKey(bytes), { key: verifyingKey(bytes), untilMs }] as const),
    ),
  };
}

function verifyingKey(bytes: Uint8Array): Promise<CryptoKey> {
  const hmac = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.importKey("raw", new Uint8Array(bytes), hmac, false, ["verify"]);
}

function tokensUnder(ring: () => Ring): Tokens {
  const signed = ({ sub, role }: Pick<Caller, "sub" | "role">, aud: string, exp: number) =>
    sign({ iss: issuer, aud, sub, role, exp }, ring().signing, algorithm);
  const verified = async (token: string, aud: string): Promise<Caller | undefined> => {
    try {
      const known = ring().verifying.get(keyIdOf(token));
      if (!known || (known.untilMs !== null && known.untilMs <= Date.now())) return undefined;
      const payload = await verify(token, await known.key, { alg: algorithm, iss: issuer, aud });
      const claims = Claims.safeParse(payload);
      if (!claims.success) return undefined;
      const { sub, role, exp } = claims.data;
      return { sub, role, expiresAtMs: exp * 1_000 };
    } catch (error) {
      // hono/jwt tells every kind of bad token by an error whose name begins so.
      if (error instanceof Error && /^Jwt/.test(error.name)) return undefined;
      throw error;
    }
  };
  return {
    sign: ({ expiresInS, ...who }) => signed(who, audience, Math.floor(Date.now() / 1_000) + expiresInS),
    verify: (token) => verified(token, audience),
    signCookie: (caller) => signed(caller, cookieAudience, Math.floor(caller.expiresAtMs / 1_000)),
    verifyCookie: (value) => verified(value, cookieAudience),
  };
}

function keyIdOf(token: string): unknown {
  const { header } = decode(token);
  return "kid" in header ? header.kid : undefined;
}
