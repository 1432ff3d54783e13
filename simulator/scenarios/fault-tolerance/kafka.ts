// Kafka is everybody's memory; while it is away devices hold what they have to say. Promised was that everything stops:
// here sessions go on.
import { kafkaOutage } from "../kafka-outage.ts";
import { timed } from "./figures.rules.ts";
import type { Part } from "./part.ts";

export const kafkaPart: Part = {
  name: "kafka",
  title: "Kafka dies in mid-session",
  continues: "running sessions, engines, monitors (better than promised: nothing was to)",
  stops: "new sessions, status updates (everything arrives afterwards)",
  async play(stage) {
    await kafkaOutage.play(stage);
    for (let round = 0; round < stage.rounds; round++) {
      await stage.kill("ev-kafka");
      await stage.start("ev-kafka");
      await stage.whole(timed("Kafka started → all On, by fresh news"));
    }
    const next = await stage.charge("CP-001");
    await stage.unplug(next);
    stage.othersUntouched();
  },
};
