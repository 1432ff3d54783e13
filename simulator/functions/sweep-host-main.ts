// ev-central-sweep: the sweep function as the cloud's schedule calls it, on this machine: one call after the other.

import * as z from "zod";
import { handler } from "../../central-fn/sweep-main.ts";
import { positive, readEnvironment } from "../../wire/process/environment.ts";
import { endWith } from "../../wire/process/lifetime.ts";
import { errorText, openLog } from "../../wire/process/log.ts";

const { SWEEP_INTERVAL_MS } = readEnvironment(z.object({ SWEEP_INTERVAL_MS: positive.default(1_000) }));
const log = openLog("Central");
let timer: NodeJS.Timeout | undefined;
let sweeping: Promise<void> = Promise.resolve();
let ending = false;

endWith(log, async () => {
  ending = true;
  clearTimeout(timer);
  await sweeping;
});
log.info("sweep started successfully");
sweepLater();

function sweepLater(): void {
  if (ending) return;
  timer = setTimeout(() => {
    sweeping = handler()
      .then(
        () => {},
        (error: unknown) => log.warn(`sweep: ${errorText(error)}`),
      )
      .then(sweepLater);
  }, SWEEP_INTERVAL_MS);
}
