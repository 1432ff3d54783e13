// Central dies while cars charge. Engines finish on their own, what they say waits in Kafka, and is processed once
// Central is back; who charges still is not forgotten.
import type { Scenario } from "./scenario.ts";

export const centralOutage: Scenario = {
  name: "central-outage",
  title: "Central dies; cars charge on, one leaves, and everything is known again after the restart",
  async play(stage) {
    const [leaving, staying] = await stage.chargeBoth("CP-002", "CP-004");

    await stage.kill("ev-central");
    const answer = await stage.doors.phone("driver-bob", "/charging-points");
    stage.check("a phone is told that Central is away", (answer?.status ?? 0) >= 500, `${answer?.status}`);
    await stage.flows(leaving);
    await stage.flows(staying);
    await stage.unplug(leaving);
    await stage.logs("ev-cp-e-2", new RegExp(`Session ${leaving.sid} completed`), { withinS: 10 });

    const back = await stage.start("ev-central");
    await stage.whole({ withinS: 30 });
    await stage.billed(leaving, { withinS: 30, since: back });
    await stage.expect("the other session is known as charging", { withinS: 30 }, async () => {
      const shown = (await stage.doors.cps())?.find(({ cp_id }) => cp_id === "CP-004");
      return shown?.engine_state === "SUPPLYING" && shown.telemetry?.session_id === staying.sid;
    });
    await stage.refuses("CP-004");
    await stage.flows(staying);
    await stage.unplug(staying);
    await stage.billed(staying, { withinS: 30 });
    stage.othersUntouched();
  },
};
