// A charge point loses its network: engine and monitor run, and nobody hears them. The session goes on, ends there
// while nobody listens, and is billed when the line is back.
import type { Scenario } from "./scenario.ts";

export const networkPartition: Scenario = {
  name: "network-partition",
  title: "a charge point is cut off in mid-session; it charges on, and is billed when it is back",
  async play(stage) {
    const session = await stage.charge("CP-006");

    await stage.disconnect({ how: "cut" }, "ev-cp-e-6", "ev-cp-m-6");
    stage.say("a silent line tells nothing: the last report runs out after 6 s");
    await stage.shows("CP-006", "DISCONNECTED", { withinS: 8 });
    await stage.logs("ev-central", /CP CP-006 disconnected/, { withinS: 8 });
    await stage.told(session.driver, "interrupted", { withinS: 8 });
    await stage.refuses("CP-006");
    await stage.flows(session);

    await stage.unplug(session);
    await stage.logs("ev-cp-e-6", new RegExp(`Session ${session.sid} completed`), { withinS: 10 });

    await stage.connect("ev-cp-e-6", "ev-cp-m-6");
    await stage.shows("CP-006", "ON", { withinS: 30 });
    await stage.billed(session, { withinS: 30 });
    stage.othersUntouched("CP-006");
  },
};
