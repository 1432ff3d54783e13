// What a run of Central's benchmark says: progress while it runs, its figures at the end, aims that were missed.
import { availableParallelism, loadavg } from "node:os";

export interface Report {
  progress(line: string): void;
  title(text: string): void;
  figure(name: string, text: string): void;
  detail(text: string): void;
  /** A figure with its aim. */
  aimed(name: string, text: string, aim: string, isHeld: boolean): void;
  noteLoad(): void;
  /** Prints everything; answers with the aims that were missed. */
  end(): readonly string[];
}

export function openReport(): Report {
  const beganMs = performance.now();
  const cores = availableParallelism();
  const lines: string[] = [];
  const missed: string[] = [];
  const loads: number[] = [];
  const seconds = () => ((performance.now() - beganMs) / 1_000).toFixed(0);
  const figure = (name: string, text: string) => `  ${name.padEnd(58)} ${text.padStart(16)}`;
  return {
    progress: (line) => console.log(`${seconds().padStart(4)} s  ${line}`),
    title: (text) => void lines.push(text),
    figure: (name, text) => void lines.push(figure(name, text)),
    detail: (text) => void lines.push(`    ${text}`),
    aimed(name, text, aim, isHeld) {
      if (!isHeld) missed.push(name);
      lines.push(`${figure(name, text)}   aim ${aim}${isHeld ? "" : "  ← MISSED"}`);
    },
    noteLoad: () => void loads.push(loadavg()[0] ?? 0),
    end() {
      loads.push(loadavg()[0] ?? 0);
      const load = `load ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}`;
      const day = new Date().toISOString().slice(0, 10);
      console.log(`\n${lines.join("\n")}`);
      console.log(`\n${cores} cores, Node ${process.versions.node}, ${load}, ${day}, ${seconds()} s`);
      if (missed.length > 0) console.log(`aims missed: ${missed.join("; ")}`);
      return missed;
    },
  };
}
