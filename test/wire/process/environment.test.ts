import { expect, test } from "vitest";
import * as z from "zod";
import { readEnvironment, whole } from "../../../wire/process/environment.ts";

const schema = z.object({ INTERVAL_MS: whole.default(2_000) });

test.each(["", " ", "\t\n"])("a variable of nothing but blanks (%j) is not set, and no nought", (value) => {
  expect(readEnvironment(schema, { INTERVAL_MS: value })).toEqual({ INTERVAL_MS: 2_000 });
});

test("a nought that is written is one", () => {
  expect(readEnvironment(schema, { INTERVAL_MS: "0" })).toEqual({ INTERVAL_MS: 0 });
});
