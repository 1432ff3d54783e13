// One part of the fault tolerance tests: a story about one kind of component, and what its failure leaves and takes.
import type { Scenario } from "../scenario.ts";

export interface Part extends Scenario {
  /** As in "with this component down, these go on". */
  continues: string;
  stops: string;
}
