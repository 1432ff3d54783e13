// A driver's phone is no part of the session: it goes on without, and the phone hears all it missed.
import { driverCrash } from "../driver-crash.ts";
import { timed } from "./figures.rules.ts";
import type { Part } from "./part.ts";

export const driverPart: Part = {
  name: "driver",
  title: "a driver's phone dies in mid-session",
  continues: "all charge points, other drivers, Central, the session",
  stops: "this driver's requests and updates (every missed message is delivered afterwards)",
  async play(stage) {
    await driverCrash.play(stage);
    const answers = async () => (await stage.doors.phone("driver-alice", "/charging-points"))?.status === 200;
    for (let round = 0; round < stage.rounds; round++) {
      await stage.kill("ev-driver-alice");
      const other = await stage.doors.phone("driver-bob", "/charging-points");
      stage.check("another driver's phone answers", other?.status === 200);
      await stage.start("ev-driver-alice");
      await stage.expect("the phone answers", timed("phone started → answers"), answers);
    }
    await stage.logs("ev-driver-alice", /started successfully/, { withinS: 5 });
    const next = await stage.charge("CP-002", { driver: "driver-alice" });
    await stage.unplug(next);
    stage.othersUntouched();
  },
};
