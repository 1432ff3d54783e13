// The verbs that change what the fleet consists of, or look into one part of it: loaded when one of them is typed.
import { addCp } from "./add-cp.ts";
import { addDriver } from "./add-driver.ts";
import { apply } from "./apply.ts";
import type { Arguments } from "./arguments.ts";
import { charger, plug, unplug } from "./charger.ts";
import { clean } from "./clean.ts";
import { exportFleet, importFleet } from "./exchange.ts";
import { inspect } from "./inspect.ts";
import type { Output } from "./output.ts";
import { remove } from "./remove.ts";

export const fleetVerbs = {
  "add-cp": addCp,
  "add-driver": addDriver,
  remove,
  clean,
  export: exportFleet,
  import: importFleet,
  apply,
  inspect,
  plug,
  unplug,
  charger,
} satisfies Record<string, (args: Arguments, output: Output) => number | Promise<number>>;
