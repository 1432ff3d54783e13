// What is said before a start when a port is taken or a tool is missing.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { checkPorts, checkTools } from "../../../simulator/fleet/checks.ts";
import { stubWorld } from "../../support/fleet-stub.ts";
import { freePort } from "../../support/free-port.ts";

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server = undefined;
});

test("a taken port names the port, who wants it, and both cures", async () => {
  const world = stubWorld();
  const taken = await freePort();
  server = createServer();
  await new Promise<void>((resolve) => server?.listen(taken, "127.0.0.1", resolve));
  const specs = [
    world.spec("ev-central", "obedient", { port: taken }),
    world.spec("ev-driver-alice", "obedient", { port: await freePort() }),
  ];
  await expect(checkPorts(specs)).rejects.toThrow(
    `port ${taken} (for ev-central) is taken: stop what listens there, or move all ports of this fleet with --port-offset N`,
  );
  world.remove();
});

test("free ports are left free", async () => {
  const world = stubWorld();
  const port = await freePort();
  const specs = [world.spec("ev-central", "obedient", { port })];
  await checkPorts(specs);
  await checkPorts(specs);
  world.remove();
});

test("a port beyond 65535 asks for a smaller offset", async () => {
  const world = stubWorld();
  await expect(checkPorts([world.spec("ev-kafka", "obedient", { port: 69_092 })])).rejects.toThrow(
    /port 69092 of ev-kafka does not exist: choose a smaller --port-offset/,
  );
  world.remove();
});

test("without script and python3 the chargers' need is named, and nobody else minds", () => {
  const world = stubWorld();
  const empty = mkdtempSync(join(tmpdir(), "ev-path-"));
  const charger = world.spec("ev-charger-1", "obedient", { role: "charger" });
  expect(() => checkTools([charger], empty)).toThrow(/`script` nor `python3`.*apt-get install/);
  checkTools([world.spec("ev-central", "obedient")], empty);
  checkTools([charger], process.env.PATH);
  rmSync(empty, { recursive: true });
  world.remove();
});
