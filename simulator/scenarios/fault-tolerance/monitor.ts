// The monitor is the only reporter of a charge point's health: without it the point is Disconnected, whatever its
// engine does, and the engine goes on.
import { type Stage, serviceOf } from "../scenario.ts";
import { timed } from "./figures.rules.ts";
import type { Part } from "./part.ts";

export const monitorPart: Part = {
  name: "monitor",
  title: "a charge point's monitor stops, and is killed",
  continues: "its engine, the session there, other charge points, drivers",
  stops: "health checks, new sessions there",
  async play(stage) {
    const session = await stage.charge("CP-001");
    await row(stage, "monitor OK, engine OK: On", "ON", 15);

    await stage.stop("ev-cp-m-1");
    await row(stage, "monitor KO, engine OK: Disconnected", "DISCONNECTED", 7.5);
    await stage.logs("ev-central", /CP CP-001 disconnected/, { withinS: 7.5 });
    await stage.flows(session);
    await stage.refuses("CP-001");
    const elsewhere = await stage.charge("CP-002");
    await stage.unplug(session);
    await stage.logs("ev-cp-e-1", new RegExp(`Session ${session.sid} completed`), { withinS: 10 });
    await stage.billed(session, { withinS: 30 });
    await stage.flows(elsewhere);

    await stage.kill("ev-cp-e-1");
    await stage.refuses("CP-001");
    await row(stage, "monitor KO, engine KO: Disconnected", "DISCONNECTED", 7.5);
    await stage.start("ev-cp-m-1");
    await row(stage, "monitor OK, engine KO: Broken", "BROKEN", 30);
    await stage.start("ev-cp-e-1");
    await stage.shows("CP-001", "ON", { withinS: 30 });

    for (let round = 0; round < stage.rounds; round++) {
      const cp = `CP-00${(round % 3) + 3}`;
      await stage.anyMoment();
      const killed = await stage.kill(serviceOf.monitor(cp));
      await stage.shows(cp, "DISCONNECTED", { ...timed("monitor killed → Disconnected"), since: killed });
      await stage.start(serviceOf.monitor(cp));
      await stage.shows(cp, "ON", timed("monitor started → On"));
    }
    await stage.unplug(elsewhere);
    await stage.billed(elsewhere, { withinS: 30 });
    const again = await stage.charge("CP-001");
    await stage.unplug(again);
    stage.othersUntouched("CP-001", "CP-003", "CP-004", "CP-005");
  },
};

/** A row of the table of states, as Central shows CP-001. */
async function row(stage: Stage, what: string, state: "ON" | "BROKEN" | "DISCONNECTED", withinS: number) {
  await stage.expect(what, { withinS }, async () =>
    (await stage.doors.cps())?.some((one) => one.cp_id === "CP-001" && one.state === state),
  );
}
