// An engine dies in mid-session. Its monitor says so, Central refuses new sessions there, and when the engine is back
// the session is closed and billed at the charger's own meter.
import type { Scenario } from "./scenario.ts";

export const rollingFailure: Scenario = {
  name: "rolling-failure",
  title: "an engine dies in mid-session, is noticed, comes back, and the session is billed",
  async play(stage) {
    const session = await stage.charge("CP-005");

    const crash = await stage.kill("ev-cp-e-5");
    await stage.logs("ev-cp-m-5", "CP_M:CP-005 | Health check failed (1)", { withinS: 6 });
    await stage.logs("ev-cp-m-5", "CP_M:CP-005 | Health check failed (2)", { withinS: 6, since: crash });
    await stage.logs("ev-cp-m-5", "CP_M:CP-005 | Health check failed (3)", { withinS: 6, since: crash });
    await stage.logs("ev-cp-m-5", "CP_M:CP-005 | FAULT DETECTED", { withinS: 6, since: crash });
    await stage.logs("ev-cp-m-5", "CP_M:CP-005 | Fault notification sent to Central", { withinS: 6 });
    await stage.shows("CP-005", "BROKEN", { withinS: 6 });
    await stage.logs("ev-central", "Central | CP CP-005 marked as FAULTY", { withinS: 6 });
    await stage.logs("ev-central", `Central | CP CP-005 has active session with ${session.driver}`, {
      withinS: 6,
    });
    await stage.told(session.driver, "interrupted", { withinS: 6 });
    await stage.refuses("CP-005");
    stage.say("the charger obeys its last order: nobody tells it to stop");
    await stage.flows(session);

    await stage.start("ev-cp-e-5");
    await stage.logs("ev-cp-m-5", "CP_M:CP-005 | Health restored", { withinS: 30 });
    await stage.logs("ev-cp-m-5", "CP_M:CP-005 | Health restoration notification sent to Central", {
      withinS: 30,
    });
    await stage.logs("ev-central", "Central | CP CP-005 fault cleared, now available", { withinS: 30 });
    await stage.shows("CP-005", "ON", { withinS: 30 });
    await stage.billed(session, { withinS: 30 });
    await stage.unplug(session);
    stage.othersUntouched("CP-005");
  },
};
