// Certificates made with openssl: who vouches for whom, for what use.
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { authorityIn } from "../../../simulator/servers/certificates.ts";

const folder = mkdtempSync(join(tmpdir(), "ev-certificates-"));
afterAll(() => rmSync(folder, { recursive: true }));
const read = (path: string) => new X509Certificate(readFileSync(path));

test("the authority vouches for servers and clients, each for its own use, and for no other authority", () => {
  const authority = authorityIn(folder);
  const ca = read(authority.ca);
  const server = read(authority.server().cert);
  const client = read(authority.client("CP-001-engine").cert);
  expect(ca.ca).toBe(true);
  for (const one of [server, client]) {
    expect(one.verify(ca.publicKey)).toBe(true);
    expect(one.ca).toBe(false);
  }
  expect([server.checkHost("localhost"), server.checkIP("127.0.0.1"), server.checkHost("elsewhere")]).toEqual(
    ["localhost", "127.0.0.1", undefined],
  );
  expect(client.subject).toBe("CN=CP-001-engine");
  expect(client.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
  expect(server.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
});

test("what is there is kept, keys are for this user alone", () => {
  const first = authorityIn(folder).client("CP-002-engine");
  const bytes = readFileSync(first.cert, "utf8");
  expect(readFileSync(authorityIn(folder).client("CP-002-engine").cert, "utf8")).toBe(bytes);
  expect(statSync(first.key).mode & 0o077).toBe(0);
});

test.each(["", "a/b", "../x", "CP-001\nuser", "x".repeat(65)])("no certificate is made for %j", (name) => {
  expect(() => authorityIn(folder).client(name)).toThrow(RangeError);
});
