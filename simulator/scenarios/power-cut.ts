// A charger loses its mains in mid-session and gets it back: its box forgets what it knew, its engine does not.
import type { Scenario } from "./scenario.ts";

export const powerCut: Scenario = {
  name: "power-cut",
  title: "a charger loses its mains in mid-session; the session is billed for what flowed",
  async play(stage) {
    const session = await stage.charge("CP-008");

    await stage.mains("CP-008", false);
    await stage.shows("CP-008", "BROKEN", { withinS: 10 });
    await stage.refuses("CP-008");

    await stage.mains("CP-008", true);
    await stage.shows("CP-008", "ON", { withinS: 30 });
    await stage.flows(session, { withinS: 30 });
    await stage.unplug(session);
    stage.say("what flowed between the engine's last look and the cut is lost with the box's counter");
    await stage.billed(session, { withinS: 30, unreadS: 1.5 });

    const next = await stage.charge("CP-008");
    await stage.unplug(next);
    await stage.billed(next, { withinS: 30 });
    stage.othersUntouched("CP-008");
  },
};
