// Every planted bug must be caught within a bounded number of seeds; prints what caught it. Exit 1 when one is missed.
import { equivalents, planted, plantedBugs, seedsTriedFirst } from "./bugs.ts";
import { runSeed } from "./scenario.ts";

const seedsAtMost = 150;

/** The first violation a planted bug shows; a run that crashes has shown it too. */
function caughtBy(name: string): string | undefined {
  const seeds = Array.from({ length: seedsAtMost }, (_, i) => i + 1);
  for (const seed of [seedsTriedFirst[name] ?? [], seeds].flat()) {
    try {
      const { wrong } = runSeed(seed, planted(name));
      if (wrong[0]) return `seed ${seed}: invariant ${wrong[0]}`;
    } catch (error) {
      return `seed ${seed}: crash: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return undefined;
}

let missed = 0;
let caught = 0;
for (const name of Object.keys(plantedBugs)) {
  const by = caughtBy(name);
  if (by) caught += 1;
  else missed += 1;
  console.log(
    `${by ? "caught" : "MISSED"}  ${name}  (${(by ?? `not in ${seedsAtMost} seeds`).slice(0, 140)})`,
  );
}
for (const [name, reason] of Object.entries(equivalents)) console.log(`equal   ${name}: ${reason}`);
console.log(`${caught} planted bugs caught, ${missed} missed`);
process.exit(missed === 0 ? 0 : 1);
