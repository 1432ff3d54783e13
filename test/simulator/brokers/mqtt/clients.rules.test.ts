import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import {
  admitted,
  isPasswordOf,
  isStillAdmitted,
  type KnownClient,
  knownClientsText,
  parseKnownClients,
} from "../../../../simulator/brokers/mqtt/clients.rules.ts";

const password = randomBytes(32).toString("base64url");
const salt = randomBytes(16).toString("base64url");
const client = admitted(password, salt);
const revoked: KnownClient = { is: "revoked", at: "2026-11-22T10:00:00.000Z" };

test("a password fits its own hash and no other, and the hash does not show it", () => {
  expect(isPasswordOf(client, password)).toBe(true);
  expect(isPasswordOf(client, `${password}x`)).toBe(false);
  expect(isPasswordOf(client, "")).toBe(false);
  expect(isPasswordOf(undefined, password)).toBe(false);
  expect(isPasswordOf(revoked, password)).toBe(false);
  expect(JSON.stringify(client)).not.toContain(password);
  expect(admitted(password, "another salt here")).not.toMatchObject({
    hash: (client as { hash: string }).hash,
  });
});

test("the file says what was written, in any order once per name, and a wrong line is named", () => {
  const known = new Map([
    ["CP-001-engine", client],
    ["CP-001-monitor", revoked],
  ]);
  const text = knownClientsText(known);
  expect(parseKnownClients(text)).toEqual(known);
  expect(parseKnownClients("")).toEqual(new Map());
  for (const wrong of ["nonsense", "CP-#-engine:salt:hash", "CP-001-engine::", "__proto__:a:b"])
    expect(() => parseKnownClients(`${text}${wrong}\n`)).toThrow(/line 4/);
  expect(() => parseKnownClients(`${text}${text}`)).toThrow(/line 5/);
});

test("a connection may stay as long as its own password counts", () => {
  expect(isStillAdmitted(client, client)).toBe(true);
  expect(isStillAdmitted(client, { ...client })).toBe(true);
  expect(isStillAdmitted(client, admitted(randomBytes(32).toString("base64url"), salt))).toBe(false);
  expect(isStillAdmitted(client, revoked)).toBe(false);
  expect(isStillAdmitted(client, undefined)).toBe(false);
});
