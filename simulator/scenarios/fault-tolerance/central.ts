// Central decides about new sessions and nothing about running ones: engines finish without it, and what they said
// waits in Kafka.
import { centralOutage } from "../central-outage.ts";
import { timed } from "./figures.rules.ts";
import type { Part } from "./part.ts";

export const centralPart: Part = {
  name: "central",
  title: "Central dies in mid-session",
  continues: "running sessions, engines, drivers' phones",
  stops: "new sessions and their coordination (results are processed afterwards)",
  async play(stage) {
    await centralOutage.play(stage);
    for (let round = 0; round < stage.rounds; round++) {
      await stage.kill("ev-central");
      await stage.start("ev-central");
      await stage.whole(timed("Central started → all On, by fresh news"));
    }
    const since = stage.now();
    const next = await stage.charge("CP-001");
    const sent = new RegExp(`START_SUPPLY sent to CP-001 for ${next.driver}`);
    await stage.logs("ev-central", sent, { withinS: 10, since });
    await stage.unplug(next);
    stage.othersUntouched();
  },
};
