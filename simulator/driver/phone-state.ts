// What the phone keeps across a kill, in one small file that is replaced in one step.
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import * as z from "zod";
import { isCode } from "../fleet/process-identity.ts";
import { blank, type Durable } from "./phone.rules.ts";

export const KeptPhone = z.object({
  next: z.number().int().min(0),
  following: z
    .object({
      key: z.string(),
      wish: z.object({
        cp_id: z.string(),
        vehicle_id: z.string(),
        limit: z.object({ energy_kwh: z.number().optional(), duration_s: z.number().optional() }).optional(),
        queue: z.boolean().optional(),
      }),
      sid: z.string().nullable(),
    })
    .nullable(),
  notified: z.number().int().min(0),
  paused: z.boolean().default(false),
  asked: z.array(z.string()).default([]),
});

/** A file that is missing or damaged means a new phone: Central still has every session and message. */
export function readPhoneState(path: string): Durable {
  try {
    return KeptPhone.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    if (isCode(error, "ENOENT") || error instanceof SyntaxError || error instanceof z.ZodError) return blank;
    throw error;
  }
}

/** On disk when it returns. */
export function writePhoneState(path: string, durable: Durable): void {
  mkdirSync(dirname(path), { recursive: true });
  const next = `${path}.new`;
  const fd = openSync(next, "w", 0o600);
  try {
    writeSync(fd, JSON.stringify(durable));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(next, path);
}
