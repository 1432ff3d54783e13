// A server that is not ours as one service of the fleet: this process starts it in its own group, says
// `started successfully` when it answers, and ends with it. What is done to the group is done to the server.
import { spawn } from "node:child_process";
import { endWith } from "../../wire/process/lifetime.ts";
import { errorText, type Log } from "../../wire/process/log.ts";
import { identityOf, type ProcessIdentity } from "../fleet/process-identity.ts";

export interface ForegroundServer {
  program: string;
  args: readonly string[];
  env?: Record<string, string>;
  toInstall: string;
  /** Asked until it is true. */
  isReady(server: ProcessIdentity): Promise<boolean>;
  log: Log;
}

const pollMs = 50;
/** Asked to end, it has this long before it is killed. */
const endWithinMs = 7_000;

/** Never resolves before the server is ready; exits with the server. */
export async function runInForeground({ program, args, env, toInstall, isReady, log }: ForegroundServer) {
  const child = spawn(program, [...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const over = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let ending = false;
  child.once("error", (error) => {
    log.error(`${program} cannot be run (${error.message}): ${toInstall}`);
    process.exit(1);
  });
  child.once("exit", (code, signal) => {
    if (ending) return;
    log.error(`${program} ended by itself (${signal ?? `code ${code}`})`);
    process.exit(1);
  });
  endWith(log, async () => {
    ending = true;
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), endWithinMs);
    await over;
    clearTimeout(late);
  });
  const pid = child.pid ?? 0;
  const server = identityOf(pid) ?? { pid, started: "ended" };
  while (!ending && !(await isReady(server).catch((error: unknown) => notYet(log, error))))
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  if (!ending) log.info("started successfully");
}

function notYet(log: Log, error: unknown): false {
  log.debug(errorText(error));
  return false;
}
