// Tokens of an identity provider: what counts, what does not, keys that rotate, and a provider that is away.
import { createHmac, generateKeyPairSync, type KeyObject, sign as signBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { withOidc } from "../../../central-fn/api/oidc.ts";
import { type Tokens, tokensOf } from "../../../central-fn/api/tokens.ts";
import { silentLog } from "../../../wire/process/log.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const fresh = generateKeyPairSync("rsa", { modulusLength: 2048 });
const jwkOf = (key: KeyObject, kid: string) => ({ ...key.export({ format: "jwk" }), kid, use: "sig" });

let keys: object[] = [];
let fetches = 0;
let isAway = false;
let nowMs = 0;
let issuer = "";
let server: Server;
let tokens: Tokens;
const local = tokensOf(Buffer.alloc(32, 5));

beforeAll(async () => {
  server = createServer((request, response) => {
    response.statusCode = isAway ? 500 : 200;
    const isKeys = request.url === "/keys";
    if (isKeys) fetches += 1;
    response.end(JSON.stringify(isKeys ? { keys } : { issuer, jwks_uri: `${issuer}/keys` }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  keys = [jwkOf(rsa.publicKey, "r1"), jwkOf(ec.publicKey, "e1"), { kty: "oct", k: "c2VjcmV0", kid: "o1" }];
  fetches = 0;
  isAway = false;
  nowMs = Date.UTC(2026, 4, 3, 12);
  const env = {
    OIDC_ISSUER: issuer,
    OIDC_AUDIENCE: "ev-api",
    OIDC_ROLE_CLAIM: "roles",
    OIDC_SUBJECT_CLAIM: "sub",
  };
  tokens = withOidc(local, env, { now: () => nowMs, log: silentLog });
});

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = (change: object = {}) => ({
  iss: issuer,
  aud: ["other", "ev-api"],
  sub: "driver-alice",
  roles: ["driver", "newsletter"],
  exp: nowMs / 1_000 + 300,
  iat: nowMs / 1_000,
  ...change,
});
function token(payload: object, kid = "r1", alg = "RS256", key: KeyObject = rsa.privateKey): string {
  const text = `${part({ alg, typ: "JWT", kid })}.${part(payload)}`;
  return `${text}.${signBytes("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

it("a token signed by the provider's RSA or elliptic key counts, and one of the local key still does", async () => {
  const alice = { sub: "driver-alice", role: "driver", expiresAtMs: nowMs + 300_000 };
  expect(await tokens.verify(token(claims()))).toEqual(alice);
  expect(await tokens.verify(token(claims(), "e1", "ES256", ec.privateKey))).toEqual(alice);
  const own = await local.sign({ sub: "operator", role: "operator", expiresInS: 60 });
  expect(await tokens.verify(own)).toMatchObject({ role: "operator" });
});

it("one without signature, or signed with the public key as a shared secret, does not count", async () => {
  const none = `${part({ alg: "none", typ: "JWT", kid: "r1" })}.${part(claims())}.`;
  expect(await tokens.verify(none)).toBeUndefined();
  const pem = rsa.publicKey.export({ type: "spki", format: "pem" });
  for (const [kid, secret] of [
    ["r1", pem],
    ["o1", "secret"],
  ] as const)
    for (const iss of [issuer, "ev-local"]) {
      const text = `${part({ alg: "HS256", typ: "JWT", kid })}.${part(claims({ iss }))}`;
      const mac = createHmac("sha256", secret).update(text).digest("base64url");
      expect(await tokens.verify(`${text}.${mac}`)).toBeUndefined();
    }
});

it("one that is over, early, of another issuer or audience, without expiry, role or id, does not count", async () => {
  const s = nowMs / 1_000;
  const { exp: _exp, ...unending } = claims();
  for (const payload of [
    claims({ exp: s - 61 }),
    claims({ nbf: s + 90 }),
    claims({ iat: s + 90 }),
    claims({ iss: "https://elsewhere.example" }),
    claims({ aud: "other" }),
    claims({ roles: "admin" }),
    claims({ roles: ["driver", "operator"] }),
    claims({ sub: "driver#alice" }),
    unending,
  ])
    expect([payload, await tokens.verify(token(payload))]).toEqual([payload, undefined]);
  // Clocks differ by less than a minute.
  expect(await tokens.verify(token(claims({ exp: s - 30, iat: s + 30 })))).toMatchObject({ role: "driver" });
});

it("one of another key under a known id, or of a key for another algorithm, does not count", async () => {
  expect(await tokens.verify(token(claims(), "r1", "RS256", fresh.privateKey))).toBeUndefined();
  expect(await tokens.verify(token(claims(), "e1", "RS256"))).toBeUndefined();
  expect(await tokens.verify(token(claims(), "r1", "ES256", ec.privateKey))).toBeUndefined();
});

it("a new key is fetched when it is first seen; unknown ids fetch at most once per minute", async () => {
  await tokens.verify(token(claims()));
  expect(fetches).toBe(1);
  for (let i = 0; i < 20; i++) expect(await tokens.verify(token(claims(), `x${i}`))).toBeUndefined();
  expect(fetches).toBe(1);
  keys = [jwkOf(fresh.publicKey, "r2")];
  nowMs += 61_000;
  const rotated = () => token(claims(), "r2", "RS256", fresh.privateKey);
  const all = await Promise.all([rotated(), rotated(), rotated()].map((each) => tokens.verify(each)));
  expect(all.map((caller) => caller?.role)).toEqual(["driver", "driver", "driver"]);
  expect(fetches).toBe(2);
  // What is no longer published counts no longer.
  expect(await tokens.verify(token(claims()))).toBeUndefined();
});

it("a provider that is away is 503 before its keys are known, and nothing afterwards", async () => {
  isAway = true;
  await expect(tokens.verify(token(claims()))).rejects.toMatchObject({ status: 503 });
  isAway = false;
  nowMs += 61_000;
  expect(await tokens.verify(token(claims()))).toMatchObject({ role: "driver" });
  isAway = true;
  nowMs += 3_700_000;
  expect(await tokens.verify(token(claims()))).toMatchObject({ role: "driver" });
});
