// Every scenario, in the order in which a newcomer would play them. A new one is added here.
import { cascadingFailures } from "./cascading-failures.ts";
import { centralOutage } from "./central-outage.ts";
import { driverCrash } from "./driver-crash.ts";
import { flapping } from "./flapping.ts";
import { kafkaOutage } from "./kafka-outage.ts";
import { networkPartition } from "./network-partition.ts";
import { nightShift } from "./night-shift.ts";
import { peakLoad } from "./peak-load.ts";
import { powerCut } from "./power-cut.ts";
import { rollingFailure } from "./rolling-failure.ts";
import type { Scenario } from "./scenario.ts";

export const scenarios: readonly Scenario[] = [
  peakLoad,
  rollingFailure,
  cascadingFailures,
  driverCrash,
  networkPartition,
  centralOutage,
  kafkaOutage,
  powerCut,
  flapping,
  nightShift,
];
