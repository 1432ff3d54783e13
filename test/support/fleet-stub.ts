// Stub services for supervisor tests: real processes of a few lines, and a supervisor's surroundings in a folder.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makePlaces, type Places, placesOf } from "../../simulator/fleet/places.ts";
import type { Command } from "../../simulator/fleet/service-process.ts";
import type { ServiceSpec } from "../../simulator/fleet/service-spec.ts";

/** What a stub does; each is ready first unless it says otherwise. */
const stubs = {
  obedient: `
    process.stdin.resume(); process.stdin.on("end", () => process.exit(0));
    process.on("SIGTERM", () => process.exit(0));
    setInterval(() => {}, 1000);
    console.log("INFO stub | started successfully");`,
  stubborn: `
    process.on("SIGTERM", () => console.log("not now"));
    process.stdin.resume(); setInterval(() => {}, 1000);
    console.log("started successfully");`,
  /** Does not even end when its standard input closes: what a crashed supervisor may leave behind. */
  orphan: `
    setInterval(() => {}, 1000);
    console.log("started successfully");`,
  parent: `
    const { spawn } = require("node:child_process");
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
    console.log("child " + child.pid);
    console.log("started successfully");
    setInterval(() => {}, 1000);`,
  /** Ends by itself and leaves a child behind. */
  abandons: `
    const { spawn } = require("node:child_process");
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    console.log("child " + child.pid);
    console.log("started successfully");
    setTimeout(() => process.exit(1), 50);`,
  /** Needs a moment for its orderly end. */
  slow: `
    process.on("SIGTERM", () => setTimeout(() => process.exit(0), 300));
    process.stdin.resume(); setInterval(() => {}, 1000);
    console.log("started successfully");`,
  ticking: `
    setInterval(() => console.log("tick"), 10);
    console.log("started successfully");`,
  silent: `setInterval(() => {}, 1000);`,
  refuses: `console.error("configuration: TABLE_URL=nonsense: wrong"); process.exit(78);`,
  leaves: `console.log("started successfully"); setTimeout(() => process.exit(3), 50);`,
  breaks: `console.log("started successfully"); setTimeout(() => process.abort(), 50);`,
  chatty: `
    console.log("a line without an end is no line");
    console.log("started " + "successfully");
    for (let i = 0; i < 300; i++) console.log("line " + i);
    setInterval(() => {}, 1000);`,
} as const;
export type Stub = keyof typeof stubs;

export interface StubWorld {
  places: Places;
  spec(name: string, stub: Stub, more?: Partial<ServiceSpec>): ServiceSpec;
  commandOf(spec: ServiceSpec): Command;
  remove(): void;
}

export function stubWorld(): StubWorld {
  const dir = mkdtempSync(join(tmpdir(), "ev-stub-fleet-"));
  const places = placesOf(dir);
  makePlaces(places);
  for (const [name, source] of Object.entries(stubs)) writeFileSync(join(dir, `${name}.cjs`), source);
  return {
    places,
    spec: (name, stub, more = {}) => ({
      name,
      role: "bridge",
      subject: null,
      entry: `${stub}.cjs`,
      env: {},
      dependsOn: [],
      port: null,
      size: "small",
      files: [],
      ...more,
    }),
    commandOf: (spec) => ({
      file: process.execPath,
      args: [join(dir, spec.entry)],
      cwd: dir,
      env: { PATH: process.env.PATH, ...spec.env },
    }),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** Resolves when the condition holds; rejects with what was waited for after `withinMs`. */
export async function until(what: string, holds: () => boolean, withinMs = 5_000): Promise<void> {
  // Patience for a busy machine; a quiet one passes at once.
  const end = performance.now() + withinMs * 3;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`waited ${withinMs} ms in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
