// A monitor on a bad line: slow and lossy first, then gone again and again. Central follows, and the session, which is
// the engine's, does not notice.
import type { Scenario } from "./scenario.ts";

const times = 2;

export const flapping: Scenario = {
  name: "flapping",
  title: "a monitor on a bad line; the charge point flaps at Central, its session does not",
  async play(stage) {
    const session = await stage.charge("CP-010");

    await stage.disconnect({ how: "delay", ms: 300, percent: 20 }, "ev-cp-m-10");
    await stage.heard("CP-010", 5, { withinS: 15 });
    await stage.connect("ev-cp-m-10");

    for (let n = 1; n <= times; n++) {
      await stage.disconnect({ how: "cut" }, "ev-cp-m-10");
      await stage.shows("CP-010", "DISCONNECTED", { withinS: 8 });
      await stage.flows(session);
      await stage.connect("ev-cp-m-10");
      await stage.shows("CP-010", "ON", { withinS: 30 });
    }
    await stage.told(session.driver, "your session there goes on", { withinS: 5 });
    await stage.flows(session);
    await stage.unplug(session);
    await stage.billed(session, { withinS: 30 });
    stage.othersUntouched("CP-010");
  },
};
