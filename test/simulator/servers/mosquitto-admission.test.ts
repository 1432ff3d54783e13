// Certificates taken back and renewed, as far as files tell; how Mosquitto takes it is in the contract on both brokers.
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { authorityIn } from "../../../simulator/servers/certificates.ts";
import { certificateAdmission } from "../../../simulator/servers/mosquitto-admission.ts";
import { admitClients } from "../../../simulator/servers/mosquitto-clients.ts";
import { aclPath } from "../../../simulator/servers/mosquitto-conf.ts";
import { revocationListOf } from "../../../simulator/servers/revocation-list.ts";

const dir = mkdtempSync(join(tmpdir(), "ev-certificates-"));
afterAll(() => rmSync(dir, { recursive: true }));

const certOf = (name: string) => join(dir, "clients", `${name}.crt`);
const serialOf = (name: string) => new X509Certificate(readFileSync(certOf(name))).serialNumber;
const hasRights = (name: string) => readFileSync(aclPath(dir), "utf8").includes(`user ${name}\n`);

test("a revoked certificate is on the list and its name has no rights, until the next is issued", async () => {
  admitClients(dir, ["CP-001-engine", "CP-001-monitor"]);
  const admission = certificateAdmission(dir, undefined);
  expect(admission.heldHere(["CP-001-engine", "CP-009-engine"])).toEqual(["CP-001-engine"]);
  const list = revocationListOf(authorityIn(dir));
  expect(list.has(certOf("CP-001-engine"))).toBe(false);

  await admission.revoke(["CP-001-engine"]);
  expect([list.has(certOf("CP-001-engine")), list.has(certOf("CP-001-monitor"))]).toEqual([true, false]);
  expect([hasRights("CP-001-engine"), hasRights("CP-001-monitor")]).toEqual([false, true]);
  // Somebody else who is admitted gives it no rights again, nor does a second revocation fail.
  admitClients(dir, ["CP-002-engine"]);
  await admission.revoke(["CP-001-engine"]);
  expect(hasRights("CP-001-engine")).toBe(false);

  const before = serialOf("CP-001-engine");
  await admission.renew(["CP-001-engine"]);
  expect(serialOf("CP-001-engine")).not.toBe(before);
  expect([list.has(certOf("CP-001-engine")), hasRights("CP-001-engine")]).toEqual([false, true]);
  expect(statSync(join(dir, "clients", "CP-001-engine.key")).mode & 0o077).toBe(0);
}, 20_000);

test("what is renewed while it counts is revoked as well, and what another host is to have is named", async () => {
  const admission = certificateAdmission(dir, undefined);
  const old = join(dir, "old.crt");
  writeFileSync(old, readFileSync(certOf("CP-002-engine")));
  await admission.renew(["CP-002-engine"]);
  expect(revocationListOf(authorityIn(dir)).has(old)).toBe(true);
  expect(await admission.issue(["CP-077-engine"])).toEqual([
    `${join(dir, "clients", "CP-077-engine")}.crt and .key`,
  ]);
  expect(hasRights("CP-077-engine")).toBe(true);
}, 20_000);
