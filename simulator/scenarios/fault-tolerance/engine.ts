// The engine runs the session: when it dies its monitor says so, line by line, and Central marks the point; when it is
// back the session is closed at the charger's own meter, and the driver is told.
import { rollingFailure } from "../rolling-failure.ts";
import { type Stage, serviceOf } from "../scenario.ts";
import { timed } from "./figures.rules.ts";
import type { Part } from "./part.ts";

export const enginePart: Part = {
  name: "engine",
  title: "a charge point's engine is killed, frozen and stopped",
  continues: "its monitor, other charge points, drivers, Central",
  stops: "the session there (closed at the charger's own meter), new sessions there",
  async play(stage) {
    // Every log line of a fault and its end, to the letter.
    await rollingFailure.play(stage);

    const session = await stage.charge("CP-002");
    await stage.stop("ev-cp-e-2");
    await stage.logs("ev-cp-e-2", new RegExp(`Session ${session.sid} completed`), { withinS: 10 });
    await stage.billed(session, { withinS: 30 });
    await stage.told(session.driver, "completed", { withinS: 10 });
    await stage.shows("CP-002", "BROKEN", { withinS: 6 + stoppingS });
    await stage.refuses("CP-002");
    await stage.start("ev-cp-e-2");
    await stage.shows("CP-002", "ON", timed("engine started → On"));
    await stage.unplug(session);

    await samples(stage, async (cp) => {
      const killed = await stage.kill(serviceOf.engine(cp));
      await stage.shows(cp, "BROKEN", { ...timed("engine killed → Broken at Central"), since: killed });
      const started = await stage.start(serviceOf.engine(cp));
      await stage.shows(cp, "ON", { ...timed("engine started → On"), since: started });
    });
    await samples(stage, async (cp) => {
      const frozen = await stage.pause(serviceOf.engine(cp));
      await stage.shows(cp, "BROKEN", { ...timed("engine frozen → Broken at Central"), since: frozen });
      const thawed = await stage.unpause(serviceOf.engine(cp));
      await stage.shows(cp, "ON", { ...timed("engine let go on → On"), since: thawed });
    });
    stage.othersUntouched("CP-002", "CP-005", ...sampled);
  },
};

/** An engine that is asked to end closes its session first. */
const stoppingS = 5;
const sampled = ["CP-003", "CP-004", "CP-006"];

/** One charge point after the other, so that no sample disturbs another. */
async function samples(stage: Stage, take: (cp: string) => Promise<void>): Promise<void> {
  for (let round = 0; round < stage.rounds; round++) {
    await stage.anyMoment();
    await take(sampled[round % sampled.length] ?? "");
  }
}
