// A long soak: round after round two cars charge, something fails and is mended, and both are billed exactly once.
// `--for` says how long; a round that has begun is played to its end.
import { type Scenario, type Stage, serviceOf } from "./scenario.ts";

const cps = ["CP-001", "CP-002", "CP-003", "CP-004", "CP-005", "CP-006"];

const troubles: readonly ((stage: Stage, cp: string) => Promise<void>)[] = [
  (stage, cp) => revived(stage, serviceOf.monitor(cp)),
  (stage, cp) => revived(stage, serviceOf.engine(cp)),
  (stage) => revived(stage, "ev-bridge"),
  (stage) => revived(stage, "ev-mqtt"),
  (stage) => revived(stage, "ev-central"),
  (stage) => revived(stage, "ev-kafka"),
];

async function revived(stage: Stage, service: string): Promise<void> {
  await stage.kill(service);
  await stage.start(service);
  await stage.whole({ withinS: 30 });
}

export const nightShift: Scenario = {
  name: "night-shift",
  title: "a long soak: cars come and go, something fails each round, nothing is lost (`--for 8h`)",
  async play(stage) {
    const untilMs = performance.now() + stage.forMs;
    for (let round = 0; round === 0 || performance.now() < untilMs; round++) {
      const cp = cps[round % cps.length] ?? "";
      const sessions = await stage.chargeBoth(cp, cps[(round + 3) % cps.length] ?? "");
      await troubles[round % troubles.length]?.(stage, cp);
      for (const session of sessions) await stage.unplug(session);
      for (const session of sessions) await stage.billed(session, { withinS: 30 });
    }
  },
};
