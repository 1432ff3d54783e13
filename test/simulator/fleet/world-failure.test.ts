// A machine that refuses (a full disk, a missing right) costs the command that met it, never the fleet.
import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { askSupervisor } from "../../../simulator/fleet/control-client.ts";
import { controlHandler } from "../../../simulator/fleet/control-handler.ts";
import { type ControlServer, serveControl } from "../../../simulator/fleet/control-server.ts";
import { openSupervisor, type Supervisor } from "../../../simulator/fleet/supervisor.ts";
import { curableFailureText, worldFailureText } from "../../../simulator/fleet/world-failure.ts";
import { type StubWorld, stubWorld } from "../../support/fleet-stub.ts";

let world: StubWorld;
let supervisor: Supervisor;
let control: ControlServer;
let isFull: boolean;

beforeEach(async () => {
  world = stubWorld();
  isFull = false;
  const specs = [world.spec("ev-mqtt", "obedient"), world.spec("ev-bridge", "obedient")];
  supervisor = openSupervisor({
    places: world.places,
    specs,
    commandOf: world.commandOf,
    prepare: async () => {
      if (isFull) writeFileSync("/dev/full", "no room");
    },
  });
  control = await serveControl(
    world.places.controlSocket,
    controlHandler(
      supervisor,
      () => specs,
      () => {},
    ),
  );
});
afterEach(async () => {
  await control.close();
  await supervisor.stopAll(500);
  world.remove();
});

const ask = (verb: "start" | "kill", ...services: string[]) =>
  askSupervisor(world.places, { verb, services });

test("a start on a full disk is refused with what to do; everybody else goes on, and it works once there is room", async () => {
  await ask("start", "ev-bridge");
  isFull = true;
  await expect(ask("start", "ev-mqtt")).rejects.toThrow(
    /^ENOSPC: no space left on device, write: free the disk, then repeat the command$/,
  );
  expect(supervisor.status("ev-bridge").status).toBe("running");
  isFull = false;
  expect(await ask("start", "ev-mqtt")).toMatchObject({ changed: ["ev-mqtt"] });
  expect(supervisor.status("ev-mqtt").status).toBe("running");
});

test("what the operating system refuses is told; what our own code did wrong is not its fault", () => {
  const thrownBy = (work: () => unknown): unknown => {
    try {
      return work();
    } catch (error) {
      return error;
    }
  };
  const missing = thrownBy(() => readFileSync("/nowhere/at/all"));
  expect(worldFailureText(missing, "again")).toMatch(/^ENOENT: .*: mend that, then again$/);
  expect(curableFailureText(missing, "again")).toBeUndefined();
  const full = thrownBy(() => writeFileSync("/dev/full", "x"));
  expect(curableFailureText(full, "again")).toMatch(/free the disk, then again$/);
  expect(
    worldFailureText(
      thrownBy(() => readFileSync(3.5)),
      "again",
    ),
  ).toBeUndefined();
  expect(worldFailureText(new TypeError("x is not a function"), "again")).toBeUndefined();
});
