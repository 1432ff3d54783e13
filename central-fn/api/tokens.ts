// Bearer tokens: JSON Web Tokens signed with one local key. Who may call at all, and as whom.
//
// 1. One algorithm, one issuer, one audience, one key id; a token without expiry is none.
// 2. The key file is readable by its owner alone.
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { decode, sign, verify } from "hono/jwt";
import * as z from "zod";
import { Id } from "../../wire/messages/index.ts";

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

/** Tokens under the key in the file `keyPath`, which is made (mode 0600, with its folder) when absent. */
export function openTokens(keyPath: string): Tokens {
  return tokensOf(loadOrMakeKey(keyPath));
}

/** `key` has at least 32 bytes. */
export function tokensOf(key: Uint8Array): Tokens {
  if (key.byteLength < 32) throw new Error(`a token key has at least 32 bytes, this one ${key.byteLength}`);
  const kid = createHash("sha256").update(key).digest("hex").slice(0, 8);
  const jwk = { kty: "oct", alg: algorithm, kid, k: Buffer.from(key).toString("base64url") };
  const verifying = crypto.subtle.importKey(
    "raw",
    new Uint8Array(key),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["verify"],
  );
  const signed = ({ sub, role }: Pick<Caller, "sub" | "role">, aud: string, exp: number) =>
    sign({ iss: issuer, aud, sub, role, exp }, jwk, algorithm);
  const verified = async (token: string, aud: string): Promise<Caller | undefined> => {
    try {
      if (keyIdOf(token) !== kid) return undefined;
      const payload = await verify(token, await verifying, { alg: algorithm, iss: issuer, aud });
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

function loadOrMakeKey(path: string): Uint8Array {
  const known = readKey(path);
  if (known) return known;
  mkdirSync(dirname(path), { recursive: true });
  // Linked into place whole: of two processes that start at once, both end with the same key.
  const fresh = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  writeFileSync(fresh, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx", flush: true });
  try {
    linkSync(fresh, path);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  } finally {
    rmSync(fresh);
  }
  const made = readKey(path);
  if (!made) throw new Error(`token key ${path} vanished while it was made`);
  return made;
}

function readKey(path: string): Uint8Array | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
  if (!/^[0-9a-f]{64,}$/.test(text))
    throw new Error(
      `token key ${path} holds no key of 64 hex digits: delete the file (a new one is made, and old tokens end)`,
    );
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  return Buffer.from(text, "hex");
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
