// Draws the view over itself on a terminal: one write per second, every line cleared to its end, no flicker.
import type { FleetReading } from "./fleet-view.rules.ts";
import { viewLines } from "./fleet-view.rules.ts";

export interface Screen {
  write(text: string): void;
  columns: number;
  rows: number;
  on(event: "resize", listener: () => void): unknown;
  off(event: "resize", listener: () => void): unknown;
}

export interface LiveView {
  show(reading: FleetReading, title: string): void;
  /** Leaves the last picture standing and gives the cursor back. */
  close(): void;
}

/** `heading` stands above the picture and is written again when the screen had to be cleared. */
export function openLiveView(screen: Screen, heading: readonly string[]): LiveView {
  let drawnLines = 0;
  // A resized terminal has wrapped the old picture: its height is unknown, so the screen is cleared.
  const forget = () => {
    drawnLines = 0;
    screen.write(`\x1b[2J\x1b[H${heading.map((line) => `${line}\n`).join("")}`);
  };
  screen.on("resize", forget);
  screen.write("\x1b[?25l");
  return {
    show(reading, title) {
      const lines = viewLines(reading, title, screen.columns - 1, screen.rows - 1);
      const back = drawnLines > 0 ? `\x1b[${drawnLines}A` : "";
      screen.write(`${back}\r${lines.map((line) => `${line}\x1b[K\n`).join("")}\x1b[J`);
      drawnLines = lines.length;
    },
    close() {
      screen.off("resize", forget);
      screen.write("\x1b[?25h");
    },
  };
}
