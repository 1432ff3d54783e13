// Runs a program to its end and says what went wrong in words of what to do about it.
import { spawn } from "node:child_process";
import { Complaint } from "../fleet/complaint.ts";

export interface Tool {
  program: string;
  args: readonly string[];
  cwd?: string;
  env?: Record<string, string>;
  withinMs: number;
  /** What to do when the program is not there: "apt-get install …". */
  toInstall: string;
  /** Told every few seconds, with the program's last line, while it runs. */
  progress?(lastLine: string): void;
}

export interface Ran {
  /** Null: ended by a signal, or not done in time. */
  code: number | null;
  /** The end of what it printed, both streams. */
  output: string;
}

const progressEveryMs = 5_000;
const keptOutput = 16_000;

/** Resolves when the program has ended, whatever its code. Throws a Complaint when it is not installed. */
export function runTool(tool: Tool): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(tool.program, [...tool.args], {
      ...(tool.cwd !== undefined && { cwd: tool.cwd }),
      env: { ...process.env, ...tool.env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: tool.withinMs,
      killSignal: "SIGKILL",
    });
    let output = "";
    const collect = (bytes: Buffer) => {
      output = (output + bytes.toString()).slice(-keptOutput);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    const progress = setInterval(() => tool.progress?.(lastLine(output)), progressEveryMs);
    child.once("error", (error) => {
      clearInterval(progress);
      reject(
        new Complaint(
          `${tool.program} cannot be run (${error.message}): ${tool.toInstall}, then run the same command again`,
        ),
      );
    });
    child.once("close", (code) => {
      clearInterval(progress);
      resolve({ code, output });
    });
  });
}

export function lastLine(output: string): string {
  return output.trim().split("\n").at(-1) ?? "";
}
