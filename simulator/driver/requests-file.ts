// A driver's request file: what to ask for, one after the other, and whether to begin again after the last.
import { readFileSync } from "node:fs";
import * as z from "zod";
import { Id } from "../../wire/messages/index.ts";
import { isCode } from "../fleet/process-identity.ts";

export const Wish = z.object({
  cp_id: Id,
  vehicle_id: Id,
  limit: z
    .object({
      energy_kwh: z.number().positive().optional(),
      duration_s: z.number().int().positive().optional(),
    })
    .optional(),
  /** Wait in line when the point is busy. */
  queue: z.boolean().optional(),
});
export type Wish = z.infer<typeof Wish>;

const RequestsFile = z.object({ loop: z.boolean().default(true), requests: z.array(Wish).default([]) });
export type RequestsFile = z.infer<typeof RequestsFile>;

/** No file: nothing to ask for by itself. Throws with the file's name when it does not hold requests. */
export function readRequests(path: string): RequestsFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT")) return { loop: false, requests: [] };
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${path} cannot be read as JSON: ${String(error)}`);
  }
  const parsed = RequestsFile.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`${path}: ${fields.join("; ")}`);
}
