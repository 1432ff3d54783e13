// The token key's file, and what a token must be to count.
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sign } from "hono/jwt";
import { afterAll, describe, expect, it } from "vitest";
import { loadOrMakeKeys, rotateKeys } from "../../../central-fn/api/token-keys.ts";
import { openTokens, tokensOf } from "../../../central-fn/api/tokens.ts";

const folder = mkdtempSync(join(tmpdir(), "ev-tokens-"));
afterAll(() => rmSync(folder, { recursive: true }));
const alice = { sub: "driver-alice", role: "driver" } as const;

describe("the key file", () => {
  it("is made for its owner alone, and its tokens outlive the process that signed them", async () => {
    const path = join(folder, "new", "key");
    const token = await openTokens(path).sign({ ...alice, expiresInS: 60 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await openTokens(path).verify(token)).toMatchObject(alice);
  });

  it("that others could read is closed to them; one that is no key is told, with what to do", () => {
    const loose = join(folder, "loose");
    writeFileSync(loose, "ab".repeat(32), { mode: 0o644 });
    openTokens(loose);
    expect(statSync(loose).mode & 0o077).toBe(0);
    const wrong = join(folder, "wrong");
    writeFileSync(wrong, "secret");
    expect(() => openTokens(wrong)).toThrow(/64 hex digits: delete the file/);
    expect(() => tokensOf(Buffer.from("short"))).toThrow(/32 bytes/);
  });
});

describe("a key that is replaced", () => {
  const day = 86_400_000;

  it("verifies what it signed as long as it was given; a process that runs takes the new one up", async () => {
    const path = join(folder, "rotated");
    const running = openTokens(path);
    const before = await running.sign({ ...alice, expiresInS: 60 });
    rotateKeys(path, Date.now() + day, Date.now());
    const after = await running.sign({ ...alice, expiresInS: 60 });
    expect(kidOf(after)).not.toBe(kidOf(before));
    for (const token of [before, after]) {
      expect(await running.verify(token)).toMatchObject(alice);
      expect(await openTokens(path).verify(token)).toMatchObject(alice);
    }
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("counts no more when its time is over, in a process that knew it as well", async () => {
    const path = join(folder, "over");
    const running = openTokens(path);
    const before = await running.sign({ ...alice, expiresInS: 60 });
    const cookie = await running.signCookie({ ...alice, expiresAtMs: Date.now() + 60_000 });
    const nowMs = Date.now();
    rotateKeys(path, nowMs - 1, nowMs - 2);
    expect(loadOrMakeKeys(path)).toHaveLength(2);
    expect(await running.verify(before)).toBeUndefined();
    expect(await running.verifyCookie(cookie)).toBeUndefined();
    expect(await openTokens(path).verify(before)).toBeUndefined();
    rotateKeys(path, nowMs + day, nowMs);
    // The oldest is over and gone; the one in between counts.
    expect(loadOrMakeKeys(path).map(({ untilMs }) => untilMs)).toEqual([null, nowMs + day]);
  });

  it("ends no later than the one before it was to end, when the next is replaced at once", () => {
    const path = join(folder, "twice");
    const nowMs = Date.now();
    openTokens(path);
    rotateKeys(path, nowMs + day, nowMs);
    rotateKeys(path, nowMs + 1_000, nowMs);
    expect(loadOrMakeKeys(path).map(({ untilMs }) => untilMs)).toEqual([null, nowMs + 1_000, nowMs + 1_000]);
  });

  it("is told when its file is wrong", () => {
    const path = join(folder, "half");
    const hex = "ab".repeat(32);
    for (const text of [`${hex} until tomorrow`, `${hex}\n${hex}`, `${hex} until 2026-12-01T00:00:00.000Z`]) {
      writeFileSync(path, `${text}\n`);
      expect(() => openTokens(path)).toThrow(/64 hex digits/);
    }
  });
});

function kidOf(token: string): unknown {
  return JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()).kid;
}

describe("a token", () => {
  const key = Buffer.alloc(32, 7);
  const tokens = tokensOf(key);
  const claims = { iss: "ev-local", aud: "ev-api", ...alice, exp: Math.floor(Date.now() / 1_000) + 60 };
  /** Signed with the right key, under the right key id. */
  const signed = async (payload: Record<string, unknown>, alg: "HS256" | "HS512" = "HS256") => {
    const [header = ""] = (await tokens.sign({ ...alice, expiresInS: 60 })).split(".");
    const { kid } = JSON.parse(Buffer.from(header, "base64url").toString()) as { kid: string };
    return sign(payload, { kty: "oct", alg, kid, k: key.toString("base64url") }, alg);
  };

  it("counts with everything in place", async () => {
    expect(await tokens.verify(await signed(claims))).toEqual({ ...alice, expiresAtMs: claims.exp * 1_000 });
  });

  it("does not count with a wrong issuer, audience, role, subject, expiry, algorithm or key id", async () => {
    const { exp, ...unending } = claims;
    const wrong = [
      { ...claims, iss: "elsewhere" },
      { ...claims, aud: "other-api" },
      { ...claims, role: "admin" },
      { ...claims, sub: "driver#alice" },
      { ...claims, exp: exp - 120 },
      unending,
    ];
    for (const payload of wrong) expect(await tokens.verify(await signed(payload))).toBeUndefined();
    expect(await tokens.verify(await signed(claims, "HS512"))).toBeUndefined();
    for (const kid of [undefined, "00000000"]) {
      const jwk = { kty: "oct", alg: "HS256", k: key.toString("base64url"), ...(kid && { kid }) };
      expect(await tokens.verify(await sign(claims, jwk, "HS256"))).toBeUndefined();
    }
    expect(await tokensOf(Buffer.alloc(32, 8)).verify(await signed(claims))).toBeUndefined();
    for (const text of ["", "a.b.c", "..", "e30.e30.e30"]) expect(await tokens.verify(text)).toBeUndefined();
  });
});
