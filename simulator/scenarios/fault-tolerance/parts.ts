// The parts of `ev test-fault-tolerance`, in their order.
import { centralPart } from "./central.ts";
import { driverPart } from "./driver.ts";
import { enginePart } from "./engine.ts";
import { kafkaPart } from "./kafka.ts";
import { monitorPart } from "./monitor.ts";
import { multiplePart } from "./multiple.ts";
import type { Part } from "./part.ts";

export const parts: readonly Part[] = [
  monitorPart,
  enginePart,
  driverPart,
  centralPart,
  kafkaPart,
  multiplePart,
];
