// Several components at once, brokers and bridge among them: each is restarted alone, nothing else is, and everything
// finds itself again.
import { timed } from "./figures.rules.ts";
import type { Part } from "./part.ts";

export const multiplePart: Part = {
  name: "multiple",
  title: "several components fail at once",
  continues: "whatever does not need what failed: running sessions always",
  stops: "what needs it, and only until that is back",
  async play(stage) {
    const [spared, struck] = await stage.chargeBoth("CP-001", "CP-004");

    const points = await stage.kill("ev-cp-m-2", "ev-cp-e-3", "ev-cp-e-4", "ev-driver-bob");
    await stage.shows("CP-002", "DISCONNECTED", { withinS: 7.5, since: points });
    await stage.shows("CP-003", "BROKEN", { withinS: 6, since: points });
    await stage.shows("CP-004", "BROKEN", { withinS: 6, since: points });
    await stage.flows(spared);
    const between = await stage.charge("CP-006");
    await stage.start("ev-cp-m-2", "ev-cp-e-3", "ev-cp-e-4", "ev-driver-bob");
    await stage.whole(timed("several started → all On, by fresh news"));
    await stage.billed(struck, { withinS: 30 });

    const servers = ["ev-mqtt", "ev-kafka", "ev-bridge", "ev-central"];
    await stage.kill(...servers);
    stage.say("every server is dead");
    await stage.flows(spared);
    await stage.unplug(between);
    await stage.logs("ev-cp-e-6", new RegExp(`Session ${between.sid} completed`), { withinS: 10 });
    await stage.start(...servers);
    await stage.whole(timed("several started → all On, by fresh news"));
    await stage.billed(between, { withinS: 30 });
    await stage.flows(spared);
    await stage.unplug(spared);
    await stage.billed(spared, { withinS: 30 });
    // Without servers nobody is seen, so nobody's points can be judged: their processes can.
    const names = stage.cps().map(({ cp_id }) => cp_id);
    stage.othersUntouched(...names);
  },
};
