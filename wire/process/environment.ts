// A process's configuration: environment variables through a schema, with an error that names the variable.
import * as z from "zod";
import { isSecretName, redact } from "./redact.rules.ts";

/** Reads the variables named by the schema's keys, or ends the process with one line per wrong value. */
export function readEnvironment<S extends z.ZodObject>(
  schema: S,
  env: Record<string, string | undefined> = process.env,
): z.infer<S> {
  const named: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = env[name];
    if (value !== undefined && value.trim() !== "") named[name] = value;
  }
  const parsed = schema.safeParse(named);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const name = issue.path.join(".");
    const value = named[name] === undefined ? "(not set)" : isSecretName(name) ? "[hidden]" : named[name];
    process.stderr.write(`${redact(`configuration: ${name}=${value}`)}: ${issue.message}\n`);
  }
  process.exit(78); // EX_CONFIG: a supervisor need not try again before the configuration changed
}

/** Building blocks for such schemas. */
export const port = z.coerce.number().int().min(0).max(65_535);
export const positive = z.coerce.number().positive();
export const whole = z.coerce.number().int().min(0);
export const flag = z.enum(["0", "1"]).transform((value) => value === "1");
