import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { passwordOf } from "../../../wire/mqtt/password.ts";

const dir = mkdtempSync(join(tmpdir(), "ev-password-"));
afterAll(() => rmSync(dir, { recursive: true }));
const path = join(dir, "passwords");
const of = (clientId: string, more: object = {}) =>
  passwordOf({
    url: "mqtt://localhost",
    clientId,
    cleanSession: true,
    keepaliveS: 10,
    passwordPath: path,
    ...more,
  });

test("a password alone is anybody's, a line is that client's alone, the first and the last too", () => {
  writeFileSync(path, "alone\n");
  expect(of("CP-001-engine")).toBe("alone");
  writeFileSync(path, "CP-001-engine:one\nCP-002-engine:two\nXCP-003-engine:no\nCP-003-engine:three");
  expect(["CP-001-engine", "CP-002-engine", "CP-003-engine"].map((name) => of(name))).toEqual([
    "one",
    "two",
    "three",
  ]);
  expect(of("other", { username: "CP-002-engine" })).toBe("two");
  expect(() => of("CP-004-engine")).toThrow(/holds no password of CP-004-engine/);
});

test("a replaced file counts at once; what was given otherwise goes before it", () => {
  writeFileSync(path, "CP-001-engine:one\n");
  expect(of("CP-001-engine")).toBe("one");
  writeFileSync(`${path}.new`, "CP-001-engine:two\n");
  renameSync(`${path}.new`, path);
  expect(of("CP-001-engine")).toBe("two");
  expect(of("CP-001-engine", { password: "given" })).toBe("given");
  expect(of("CP-001-engine", { passwordPath: undefined })).toBeUndefined();
  rmSync(path);
  expect(() => of("CP-001-engine")).toThrow(/ENOENT/);
  writeFileSync(path, "\n");
  expect(() => of("CP-001-engine")).toThrow(/holds no password/);
});
