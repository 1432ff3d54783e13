// A whole fleet as one file: written by `ev export`, read by `ev import`. Pure.
//
// 1. Everything is checked before anything is changed; an error names file, entry and field.
// 2. What the file does not mention stays, unless the fleet is to be replaced.
import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { Complaint } from "./complaint.ts";
import { CpFile, DriverFile, type Fleet, SystemFile } from "./fleet-schemas.ts";
import { serviceNames } from "./names.ts";

export const exchangeVersion = 1;

const Exchange = z.strictObject({
  format: z.literal("ev-fleet"),
  version: z.number().int().min(1),
  exported_at: z.string().max(40).optional(),
  system: SystemFile,
  cps: z.array(CpFile).max(20_000),
  drivers: z.array(DriverFile).max(20_000),
});

export function exportText({ system, cps, drivers }: Fleet, exportedAt: string): string {
  const exchange: z.infer<typeof Exchange> = {
    format: "ev-fleet",
    version: exchangeVersion,
    exported_at: exportedAt,
    system,
    cps,
    drivers,
  };
  return `${JSON.stringify(exchange, null, 2)}\n`;
}

/** Reads an exported fleet. Throws a Complaint that names the file, each wrong entry and its field. */
export function importedFleet(text: string, file: string): Fleet {
  const value = jsonOrComplain(text, file);
  const head = z.object({ format: z.literal("ev-fleet"), version: z.number() }).safeParse(value);
  if (!head.success)
    throw new Complaint(`${file} is no exported fleet ("format": "ev-fleet"): \`ev export\` writes one`);
  if (head.data.version !== exchangeVersion)
    throw new Complaint(
      `${file} has version ${head.data.version}, this program reads version ${exchangeVersion}: export it again with this one`,
    );
  const parsed = Exchange.safeParse(value);
  if (!parsed.success) {
    const shown = parsed.error.issues
      .slice(0, 5)
      .map((issue) => `${whereText(issue.path, value)}${issue.message}`);
    const more = parsed.error.issues.length - shown.length;
    throw new Complaint(`${file}: ${shown.join("; ")}${more > 0 ? `; and ${more} more` : ""}`);
  }
  const { system, cps, drivers } = parsed.data;
  onceEach(
    cps.map(({ cp_id }) => cp_id),
    (id) => id,
    `${file}: cps`,
  );
  onceEach(
    cps.map(({ cp_id }) => cp_id),
    serviceNames.engine,
    `${file}: cps`,
  );
  onceEach(
    drivers.map(({ driver_id }) => driver_id),
    (id) => id,
    `${file}: drivers`,
  );
  portsOf({ system, cps, drivers }, file);
  return { system, cps, drivers };
}

function jsonOrComplain(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Complaint(`${file} cannot be read as JSON: ${why}`);
  }
}

/** `cps[3] CP-004 power_kw: ` for ["cps", 3, "power_kw"]. */
function whereText(path: readonly PropertyKey[], value: unknown): string {
  const [list, index, ...field] = path;
  if (typeof index !== "number") return path.length > 0 ? `${path.map(String).join(".")}: ` : "";
  const entry = valueAt(valueAt(value, list), index);
  const id = valueAt(entry, "cp_id") ?? valueAt(entry, "driver_id");
  const named = typeof id === "string" ? ` ${id.slice(0, 40)}` : "";
  return `${[`${String(list)}[${index}]${named}`, ...(field.length > 0 ? [field.map(String).join(".")] : [])].join(" ")}: `;
}

function valueAt(value: unknown, key: PropertyKey | undefined): unknown {
  if (typeof value !== "object" || value === null || key === undefined) return undefined;
  return Object.entries(value).find(([name]) => name === String(key))?.[1];
}

function onceEach(ids: readonly string[], as: (id: string) => string, where: string): void {
  const seen = new Map<string, string>();
  for (const id of ids) {
    const twin = seen.get(as(id));
    if (twin !== undefined)
      throw new Complaint(
        `${where}: ${twin === id ? `${id} stands there twice` : `${twin} and ${id} are the same`}`,
      );
    seen.set(as(id), id);
  }
}

/** Throws a Complaint when two of a fleet's listeners want one port. */
export function portsOf({ system, drivers }: Fleet, where: string): void {
  const wants: [string, number][] = [
    ["system.kafka_port", system.kafka_port],
    ["system.mqtt_port", system.mqtt_port],
    ["system.central_port", system.central_port],
    ...drivers.map(({ driver_id, port }): [string, number] => [driver_id, port]),
  ];
  const seen = new Map<number, string>();
  for (const [who, port] of wants) {
    const other = seen.get(port);
    if (other)
      throw new Complaint(`${where}: ${other} and ${who} both have port ${port}: change one of them`);
    seen.set(port, who);
  }
}

export interface ImportPlan {
  after: Fleet;
  added: string[];
  changed: string[];
  /** Mentioned, and already so. */
  same: string[];
  /** Not mentioned. */
  left: string[];
  removed: string[];
}

/** What importing `file` makes of `before`. Throws a Complaint when the two together cannot be. */
export function planImport(before: Fleet, imported: Fleet, replace: boolean, file: string): ImportPlan {
  const old = new Map<string, unknown>(namedEntries(before));
  const fresh = namedEntries(imported);
  const named = new Set(fresh.map(([id]) => id));
  const others = [...old.keys()].filter((id) => !named.has(id));
  const keep = <T>(list: readonly T[], idOf: (one: T) => string, news: readonly T[]) => {
    const kept = replace ? [] : list.filter((one) => !named.has(idOf(one)));
    return [...kept, ...news].sort((a, b) => idOf(a).localeCompare(idOf(b), "en", { numeric: true }));
  };
  const after: Fleet = {
    system: imported.system,
    cps: keep(before.cps, ({ cp_id }) => cp_id, imported.cps),
    drivers: keep(before.drivers, ({ driver_id }) => driver_id, imported.drivers),
  };
  onceEach(
    after.cps.map(({ cp_id }) => cp_id),
    serviceNames.engine,
    `${file} and the fleet that is there`,
  );
  portsOf(after, `${file} and the fleet that is there`);
  const isSame = ([id, value]: [string, unknown]) => isDeepStrictEqual(old.get(id), value);
  return {
    after,
    added: fresh.filter(([id]) => !old.has(id)).map(([id]) => id),
    changed: fresh.filter((entry) => old.has(entry[0]) && !isSame(entry)).map(([id]) => id),
    same: fresh.filter(isSame).map(([id]) => id),
    left: replace ? [] : others,
    removed: replace ? others : [],
  };
}

function namedEntries({ system, cps, drivers }: Fleet): [string, unknown][] {
  return [
    ["system", system],
    ...cps.map((cp): [string, unknown] => [cp.cp_id, cp]),
    ...drivers.map((driver): [string, unknown] => [driver.driver_id, driver]),
  ];
}
