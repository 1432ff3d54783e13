// Three engines die one after the other and are started again one at a time: each comes back alone, and who had
// nothing to do with it charges on.
import { listText } from "../cli/text.ts";
import { type Scenario, serviceOf } from "./scenario.ts";

const failing = ["CP-003", "CP-007", "CP-009"];

export const cascadingFailures: Scenario = {
  name: "cascading-failures",
  title: "three engines die, one after the other, and come back one at a time",
  async play(stage) {
    const [spared, struck] = await stage.chargeBoth("CP-001", "CP-003");

    for (const cp of failing) {
      const since = await stage.kill(serviceOf.engine(cp));
      await stage.shows(cp, "BROKEN", { withinS: 6, since });
      await stage.logs("ev-central", `Central | CP ${cp} marked as FAULTY`, { withinS: 6, since });
    }
    await stage.told(struck.driver, "interrupted", { withinS: 6 });
    await stage.refuses("CP-009");
    await stage.flows(spared);

    const dead = [...failing];
    for (const cp of failing) {
      await stage.start(serviceOf.engine(cp));
      await stage.shows(cp, "ON", { withinS: 30 });
      dead.shift();
      const shown = stage.cps().filter(({ cp_id }) => dead.includes(cp_id));
      stage.check(
        `only ${cp} came back`,
        shown.every(({ state }) => state === "BROKEN"),
        dead.length > 0 ? `${listText(dead)} still Broken` : "it was the last one",
      );
    }
    await stage.billed(struck, { withinS: 30 });
    await stage.flows(spared);
    stage.othersUntouched(...failing);
  },
};
