// How to write a scenario. Copy this file, name it after the story, list it in `registry.ts`; `ev scenario NAME`
// plays it, and `test/scenarios/` plays every listed one. Aim at 20 to 60 lines that read like the story.
//
// 1. Charge first, break then: `charge` asks, plugs a car in and waits until energy flows.
// 2. Each verb of `stage` that expects something is a promise with a bound (`withinS`), measured from the last thing
//    that was done; `since` names another moment. Give the bound that is promised, not what you measured.
// 3. No waiting for time to pass: wait for what the time was for.
// 4. Look through public doors only: verbs of `stage`, else `stage.doors` (HTTP, control sockets, logs).
// 5. Choose charge points that no other part of the story uses; on a busy fleet the story waits for its turn.
// 6. Nothing needs tidying: services start again, lines are mended, what was added goes, cars leave, and every session
//    is expected to be billed exactly once. `--keep` leaves the services as the story left them.
import type { Scenario } from "./scenario.ts";

export const blueprint: Scenario = {
  name: "blueprint",
  title: "a monitor dies in mid-session, and nobody minds but the display",
  async play(stage) {
    // Who is there.
    const session = await stage.charge("CP-009");

    // What goes wrong, and what is promised then.
    const crash = await stage.kill("ev-cp-m-9");
    await stage.shows("CP-009", "DISCONNECTED", { withinS: 7.5 });
    await stage.logs("ev-central", /CP CP-009 disconnected/, { withinS: 7.5, since: crash });
    await stage.told(session.driver, "interrupted", { withinS: 7.5 });
    await stage.refuses("CP-009");
    await stage.flows(session);

    // How it is mended, and what is whole again.
    await stage.start("ev-cp-m-9");
    await stage.shows("CP-009", "ON", { withinS: 30 });
    await stage.flows(session);
    await stage.unplug(session);
    const bill = await stage.billed(session, { withinS: 30 });
    stage.check("it cost something", bill.costEur > 0, `€${bill.costEur.toFixed(2)}`);

    // Everybody else.
    stage.othersUntouched("CP-009");
  },
};
