// Tells a story where somebody reads it: plain lines, and on a terminal a live table under them.
import type { Output } from "../cli/output.ts";
import { durationText } from "../cli/text.ts";
import { storyTable } from "./story-table.ts";
import type { Glance } from "./witness.ts";

export interface Teller {
  tell(atMs: number, text: string): void;
  onGlance(glance: Glance): void;
  /** Leaves the lines and takes the table away. */
  close(): void;
}

export function openTeller(title: string, output: Output): Teller {
  const live = process.stdout.isTTY === true;
  const beganMs = performance.now();
  const touched = new Set<string>();
  let drawn = 0;
  let table: string[] = [];
  const wipe = () => (drawn > 0 ? `\x1b[${drawn}A\r\x1b[J` : "");
  const draw = (text: string) => {
    process.stdout.write(`${wipe()}${text}${table.map((line) => `${line}\n`).join("")}`);
    drawn = table.length;
  };
  return {
    tell(atMs, text) {
      // Whoever is named in the story stays in its table.
      for (const [name] of text.matchAll(/\b(CP-\d+|ev-[a-z0-9-]+)/g)) touched.add(name);
      const line = `${(atMs / 1_000).toFixed(1).padStart(6)} s  ${text}`;
      if (live) draw(`${colored(line)}\n`);
      else output.line(line);
    },
    onGlance(glance) {
      if (!live) return;
      const heading = `${title}, ${durationText(performance.now() - beganMs)}`;
      table = storyTable(glance, touched, heading, process.stdout.columns - 1, process.stdout.rows - 2);
      draw("");
    },
    close() {
      if (live) process.stdout.write(wipe());
      drawn = 0;
      table = [];
    },
  };
}

function colored(line: string): string {
  return line.replace("✓", "\x1b[32m✓\x1b[0m").replace("✗", "\x1b[31m✗\x1b[0m");
}
