// Reads the fleet's editable files, writing the base fleet first where there is none. A wrong value is told in one
// line that names file and field.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { baseFleet } from "./base-fleet.ts";
import { Complaint } from "./complaint.ts";
import { CpFile, DriverFile, type Fleet, SystemFile } from "./fleet-schemas.ts";
import { serviceNames } from "./names.ts";

/** The fleet of `dir`. `made` is true when its files were written just now. Throws a Complaint. */
export function readFleet(dir: string): Fleet & { made: boolean } {
  const made = !isFleet(dir);
  if (made) writeFleet(dir, baseFleet());
  return { ...readFleetAsItIs(dir), made };
}

/** True once the fleet's files are written. */
export function isFleet(dir: string): boolean {
  return existsSync(join(dir, "system.json"));
}

/** The fleet of `dir`, writing nothing: a running fleet must not become another one when a file is gone. */
export function readFleetAsItIs(dir: string): Fleet {
  const system = readFile(join(dir, "system.json"), SystemFile);
  const cps: CpFile[] = [];
  const drivers: DriverFile[] = [];
  for (const name of readdirSync(dir).sort((a, b) => a.localeCompare(b, "en", { numeric: true }))) {
    const path = join(dir, name);
    if (!name.endsWith(".json") || name === "system.json") continue;
    if (name.startsWith("driver-")) {
      const driver = readFile(path, DriverFile);
      sameName(path, "driver_id", driver.driver_id);
      drivers.push(driver);
    } else {
      const cp = readFile(path, CpFile);
      sameName(path, "cp_id", cp.cp_id);
      cps.push(cp);
    }
  }
  samePorts(dir, system, drivers);
  sameServices(dir, cps);
  return { system, cps, drivers };
}

/** Writes every file of the fleet; system.json last, for its presence says that the others are there. */
export function writeFleet(dir: string, fleet: Fleet): void {
  mkdirSync(dir, { recursive: true });
  for (const cp of fleet.cps) writeJson(join(dir, `${cp.cp_id}.json`), cp);
  for (const driver of fleet.drivers) writeJson(join(dir, `${driver.driver_id}.json`), driver);
  writeJson(join(dir, "system.json"), fleet.system);
}

/** Replaces a file in one step, so that a reader never sees half of it. */
export function writeJson(path: string, value: unknown): void {
  writeWhole(path, `${JSON.stringify(value, null, 2)}\n`, 0o644);
}

/** The same for any text. */
export function writeText(path: string, text: string): void {
  writeWhole(path, text, 0o644);
}

/** The same for a file that only this user may read. */
export function writePrivate(path: string, content: string): void {
  writeWhole(path, content, 0o600);
}

function writeWhole(path: string, content: string, mode: number): void {
  const next = `${path}.${process.pid}.new`;
  writeFileSync(next, content, { mode });
  renameSync(next, path);
}

/** Reads and checks one file. Throws a Complaint that names the file and each wrong field. */
export function readFile<S extends z.ZodType>(path: string, schema: S): z.infer<S> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Complaint(`${path} cannot be read as JSON: ${why}`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => {
    const field = issue.path.join(".");
    return field ? `${field}: ${issue.message}` : issue.message;
  });
  throw new Complaint(`${path}: ${fields.join("; ")}`);
}

function sameName(path: string, field: string, id: string): void {
  if (!path.endsWith(`/${id}.json`))
    throw new Complaint(
      `${path}: ${field}: "${id}" is not the file's name; rename the file or change the id`,
    );
}

function samePorts(dir: string, system: SystemFile, drivers: DriverFile[]): void {
  const seen = new Map<number, string>([
    [system.kafka_port, "system.json kafka_port"],
    [system.mqtt_port, "system.json mqtt_port"],
    [system.central_port, "system.json central_port"],
  ]);
  if (seen.size < 3) throw new Complaint(`${join(dir, "system.json")}: two of its ports are the same`);
  for (const driver of drivers) {
    const other = seen.get(driver.port);
    if (other) {
      const file = join(dir, `${driver.driver_id}.json`);
      throw new Complaint(`${file}: port: ${driver.port} is already that of ${other}`);
    }
    seen.set(driver.port, `${driver.driver_id}.json`);
  }
}

/** CP-11 and CP-011 are two files and one set of service names. */
function sameServices(dir: string, cps: CpFile[]): void {
  const seen = new Map<string, string>();
  for (const { cp_id } of cps) {
    const service = serviceNames.engine(cp_id);
    const other = seen.get(service);
    if (other)
      throw new Complaint(
        `${join(dir, `${cp_id}.json`)}: ${cp_id} and ${other} would both be ${service}; remove one`,
      );
    seen.set(service, cp_id);
  }
}
