// A driver's phone dies while the car charges. The charge point and the session stay visible and finish; the phone
// gets every missed message when it is back.
import type { Scenario } from "./scenario.ts";

export const driverCrash: Scenario = {
  name: "driver-crash",
  title: "a phone dies while its driver's car charges; nothing is lost, neither energy nor messages",
  async play(stage) {
    const session = await stage.charge("CP-002", { driver: "driver-alice" });
    await stage.logs("ev-driver-alice", /IN_PROGRESS CP-002/, { withinS: 10 });

    await stage.kill("ev-driver-alice");
    await stage.flows(session);
    stage.check(
      "CP-002 shows the session and its driver",
      stage.cps().some((cp) => cp.cp_id === "CP-002" && cp.current_driver === "driver-alice"),
    );
    await stage.unplug(session);
    await stage.logs("ev-cp-e-2", new RegExp(`Session ${session.sid} completed`), { withinS: 10 });
    await stage.billed(session, { withinS: 30 });

    await stage.start("ev-driver-alice");
    await stage.logs("ev-driver-alice", /started successfully/, { withinS: 10 });
    await stage.logs("ev-driver-alice", /notification \d+: Charging at CP-002 is completed/, { withinS: 30 });
    stage.othersUntouched();
  },
};
