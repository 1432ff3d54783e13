// Free loopback ports for servers of a test or a load run.
//
// They lie outside of those that the system gives to outgoing connections (Linux: 32,768 to 60,999; others: from 49,152
// on): a server takes seconds to open its port, and one of those would be gone by then. On Linux that is also above
// every port that a fleet on an offset of its own has.
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

const [lowest, beyond] = process.platform === "linux" ? [61_000, 65_500] : [20_000, 32_000];

/** Ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries++) {
    if (tries > 50 * count) throw new Error(`no ${count} free ports from ${lowest} to ${beyond} on loopback`);
    const port = randomInt(lowest, beyond);
    if (!ports.has(port) && !(await isTaken(port))) ports.add(port);
  }
  return [...ports];
}

/** True when somebody listens there on loopback. */
export async function isTaken(port: number): Promise<boolean> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once("error", () => resolve(true));
    probe.listen({ host: "127.0.0.1", port, exclusive: true }, () => probe.close(() => resolve(false)));
  });
}
