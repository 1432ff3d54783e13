// What must hold on this machine before a fleet starts; each failure is one line that names the cure.
import { accessSync, constants } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { loopback } from "./addresses.ts";
import { Complaint } from "./complaint.ts";
import { isCode } from "./process-identity.ts";
import type { ServiceSpec } from "./service-spec.ts";

/** Throws a Complaint that names every taken port and who wants it. */
export async function checkPorts(specs: readonly ServiceSpec[]): Promise<void> {
  const wanted = specs.flatMap(({ name, port }) => (port === null ? [] : [{ name, port }]));
  const beyond = wanted.find(({ port }) => port > 65_535);
  if (beyond)
    throw new Complaint(
      `port ${beyond.port} of ${beyond.name} does not exist: choose a smaller --port-offset`,
    );
  const answers = await Promise.all(
    wanted.map(async (want) => ({ ...want, why: await portRefusal(want.port) })),
  );
  const refused = answers.filter(({ why }) => why !== undefined);
  if (refused.length === 0) return;
  const list = refused.map(({ name, port, why }) => `port ${port} (for ${name}) ${why}`).join(", ");
  throw new Complaint(
    `${list}: stop what listens there, or move all ports of this fleet with --port-offset N`,
  );
}

/** Why nobody can listen on a loopback port now; undefined when it is free. */
export function portRefusal(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", (error) => {
      if (isCode(error, "EADDRINUSE")) resolve("is taken");
      else if (isCode(error, "EACCES")) resolve("is not allowed to this user");
      else resolve(`cannot be used (${error.message})`);
    });
    probe.listen({ host: loopback, port, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
}

/** The simulated chargers speak over a pseudo-terminal that another program makes. Throws a Complaint. */
export function checkTools(specs: readonly ServiceSpec[], path: string = process.env.PATH ?? ""): void {
  if (!specs.some(({ role }) => role === "charger")) return;
  if (["script", "python3"].some((tool) => isOnPath(tool, path))) return;
  throw new Complaint(
    "neither `script` nor `python3` is installed, and the simulated chargers need one of them for their serial lines: apt-get install bsdutils (or util-linux), then run the same command again",
  );
}

function isOnPath(tool: string, path: string): boolean {
  return path.split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, tool), constants.X_OK);
      return dir !== "";
    } catch (error) {
      if (error instanceof Error) return false;
      throw error;
    }
  });
}
