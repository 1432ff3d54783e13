// Kafka dies while cars charge: better than promised, sessions go on and even end. Devices keep what they have to say
// and send it when Kafka is back.
import type { Scenario } from "./scenario.ts";

export const kafkaOutage: Scenario = {
  name: "kafka-outage",
  title: "Kafka dies; cars charge on, one leaves, and every event arrives afterwards",
  async play(stage) {
    const [leaving, staying] = await stage.chargeBoth("CP-003", "CP-004");

    await stage.kill("ev-kafka");
    await stage.flows(leaving);
    await stage.unplug(leaving);
    await stage.logs("ev-cp-e-3", new RegExp(`Session ${leaving.sid} completed`), { withinS: 10 });
    await stage.flows(staying);
    await stage.expect("Central says since when it hears nothing", { withinS: 10 }, async () => {
      const answer = await stage.doors.central("/cp");
      return JSON.stringify(answer?.value).includes('"stale_since":"');
    });

    const back = await stage.start("ev-kafka");
    await stage.whole({ withinS: 30 });
    await stage.billed(leaving, { withinS: 30, since: back });
    await stage.flows(staying);
    await stage.unplug(staying);
    await stage.billed(staying, { withinS: 30 });
    stage.othersUntouched();
  },
};
