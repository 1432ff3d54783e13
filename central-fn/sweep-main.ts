// The function behind the schedule: what no message brings about.
import { handsOf } from "./on-event/batch.ts";
import { perform } from "./on-event/execute.ts";
import { type FunctionParts, openFunctionParts } from "./on-event/parts.ts";
import { sweepTimes } from "./on-event/sweep.rules.ts";
import { sweep } from "./on-event/sweep.ts";

/** In the cloud the canary comes every 30 s and the sweep every minute. */
const cloudTimes = { ...sweepTimes, staleFeedMs: 150_000 };

let opened: Promise<FunctionParts> | undefined;

export async function handler(): Promise<{ swept: number }> {
  opened ??= openFunctionParts("central-sweep");
  const parts = await opened;
  return { swept: await perform(sweep(parts.partitions, parts.nowMs, cloudTimes), handsOf(parts)) };
}
