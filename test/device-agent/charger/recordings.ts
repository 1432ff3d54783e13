// The recordings of real firmware that lie beside this file: bytes between a host and a charger, at real speed.
import { readdirSync, readFileSync } from "node:fs";

export interface RecordedLine {
  /** Milliseconds since the recording began. */
  ms: number;
  dir: "host" | "charger" | "event";
  /** Latin-1 characters, carriage return included; for an event, what happened to the hardware. */
  text: string;
}

export interface Recording {
  name: string;
  lines: RecordedLine[];
}

const folder = new URL("./recordings/", import.meta.url);

export function recording(name: string): Recording {
  const lines = readFileSync(new URL(`${name}.jsonl`, folder), "utf8")
    .trim()
    .split("\n");
  return { name, lines: lines.map((line) => JSON.parse(line) as RecordedLine) };
}

export function recordings(): Recording[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".jsonl"))
    .map((file) => recording(file.replace(".jsonl", "")));
}
