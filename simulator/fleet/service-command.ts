// How a service's process is started: the supervisor's own Node on the bundled entry, with a small heap, because
// forty of them share a laptop.
import type { Bundles } from "./bundle.ts";
import type { Command } from "./service-process.ts";
import type { ServiceSpec } from "./service-spec.ts";

/** Flags that keep a process small; the figures are resident memory of a phone or monitor. */
const flagsOf: Record<ServiceSpec["size"], string[]> = {
  small: [
    "--max-old-space-size=96",
    // The optimising compilers cost 6 MB of touched code as soon as they run, and win nothing at one tick a second.
    "--no-opt",
    "--no-maglev",
  ],
  large: ["--max-old-space-size=256"],
  // With a thousand charge points a collection every megabyte is a third of the work, and what survives it by chance
  // fills the old space: 8 MB halves bring the CPU of these services down to about half.
  busy: ["--max-old-space-size=512", "--max-semi-space-size=8"],
  // Garbage in proportion to the heap would be the greater part of a charge point's memory.
  fleet: ["--max-old-space-size=2048", "--max-semi-space-size=4", "--heap-growing-percent=20"],
};

/** EV_PROFILE_DIR names a folder: every service leaves a CPU profile there when it ends in order. */
function profileFlags(): string[] {
  const dir = process.env.EV_PROFILE_DIR;
  return dir ? ["--cpu-prof", `--cpu-prof-dir=${dir}`] : [];
}

export function commandOf(spec: ServiceSpec, bundles: Bundles, root: string, compileCache: string): Command {
  return {
    file: process.execPath,
    args: [
      "--disable-warning=ExperimentalWarning",
      `--title=${spec.name}`,
      // Young objects in 1 MB halves instead of 16: more, shorter collections, up to 10 MB less.
      "--max-semi-space-size=1",
      // One helper thread instead of four: three stacks less, and a quarter less CPU while starting.
      "--v8-pool-size=1",
      ...flagsOf[spec.size],
      ...profileFlags(),
      bundles.fileOf(spec.entry),
    ],
    cwd: root,
    env: {
      ...process.env,
      // What drives this process (a test runner, a debugger) is not meant for its children.
      NODE_OPTIONS: undefined,
      // Written where its driver reads it; nobody else needs to know it.
      EV_TOKEN: undefined,
      EV_MQTT_CREDENTIALS: undefined,
      NODE_COMPILE_CACHE: compileCache,
      // Read by those that have a page.
      PAGES_PATH: bundles.pages,
      ...spec.env,
    },
  };
}
