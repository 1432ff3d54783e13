// `ev up`: starts the fleet and stays with it until Ctrl-C or `ev down`; with --detach it leaves once all is ready.
import { fileURLToPath } from "node:url";
import { stopAllWithinMs } from "../fleet/control-handler.ts";
import { givenPasswords } from "../fleet/given-passwords.ts";
import { givenTokens } from "../fleet/given-tokens.ts";
import { refuseIfRunning } from "../fleet/leftovers.ts";
import { placesOf } from "../fleet/places.ts";
import { openFleet, type RunningFleet } from "../fleet/running-fleet.ts";
import type { ServiceStatus, SupervisorEvent } from "../fleet/supervisor.ts";
import { operatorToken } from "../fleet/tokens.ts";
import type { Arguments } from "./arguments.ts";
import { startDetached } from "./detach.ts";
import { addressLines, troubleLines } from "./greeting.ts";
import { hostLines } from "./hosts.rules.ts";
import { isLarge, openFigures, showRamp, takeSize } from "./large-fleet.ts";
import { type Narrator, openNarrator } from "./narrator.ts";
import type { Output } from "./output.ts";
import { listenForStop } from "./stop-signals.ts";
import { durationText } from "./text.ts";
import { watchFleet } from "./watch-fleet.ts";

export const projectRoot = fileURLToPath(new URL("../..", import.meta.url));

export async function up(args: Arguments, output: Output): Promise<number> {
  if (args.flags.has("--detach")) return startDetached(args, output);
  const startedMs = performance.now();
  const narrator = openNarrator();
  const stop = listenForStop();
  const fleet = await startFleet(args, narrator);
  stop.onForce(() => {
    narrator.say("forced: ending every service at once");
    void fleet.supervisor.kill(fleet.supervisor.names()).finally(() => process.exit(130));
  });
  try {
    const started = fleet.supervisor.start(fleet.supervisor.names());
    if (isLarge(fleet)) void showRamp(fleet, narrator, Promise.race([started, stop.asked, fleet.downAsked]));
    const statuses = await Promise.race([
      started,
      stop.asked.then(() => null),
      fleet.downAsked.then(() => null),
    ]);
    // A start ends early, with whatever ran, when everything is to stop: nothing goes on then.
    if (statuses !== null && !fleet.supervisor.isEnding()) {
      const heading = await greet(fleet, statuses, narrator, args, performance.now() - startedMs);
      if (!args.flags.has("--no-watch")) fleet.watchFiles();
      const over = Promise.race([stop.asked, fleet.downAsked.then(() => "ev down")]);
      const figures = isLarge(fleet) ? openFigures(fleet, args) : null;
      await watchFleet(fleet, narrator, heading, over, figures);
      await figures?.close();
    }
  } finally {
    await end(fleet, narrator);
  }
  return 0;
}

async function startFleet(args: Arguments, narrator: Narrator): Promise<RunningFleet> {
  let ready = 0;
  const onEvent = ({ status, unexpected }: SupervisorEvent) => {
    if (status.status === "running") ready++;
    narrator.serviceChanged(status, unexpected, ready);
  };
  // Before anything is written into the files of a fleet that runs.
  refuseIfRunning(placesOf(args.stateDir));
  takeSize(args, (text) => narrator.say(text));
  const fleet = await openFleet({
    root: projectRoot,
    stateDir: args.stateDir,
    portOffset: args.portOffset,
    servers: args.servers,
    only: args.only,
    onlyCp: args.onlyCp,
    onlyDriver: args.onlyDriver,
    listen: args.listen,
    tokens: givenTokens(process.env, Date.now()),
    mqttPasswords: givenPasswords(process.env),
    say: (text) => narrator.say(text),
    onEvent,
  });
  narrator.expect(fleet.specs.length);
  return fleet;
}

async function greet(
  fleet: RunningFleet,
  statuses: readonly ServiceStatus[],
  narrator: Narrator,
  args: Arguments,
  tookMs: number,
): Promise<string[]> {
  const ready = statuses.filter(({ status }) => status === "running").length;
  const token = fleet.centralIs === "here" ? await operatorToken(fleet.places) : null;
  const lines = [
    `${ready} of ${statuses.length} services ready in ${durationText(tookMs)}, state in ${fleet.places.state}`,
    ...troubleLines(statuses),
    ...addressLines(fleet, args, token),
    ...hostLines(fleet, args.servers),
  ];
  narrator.started(lines, statuses.length - ready);
  return lines;
}

async function end(fleet: RunningFleet, narrator: Narrator): Promise<void> {
  const startedMs = performance.now();
  const running = fleet.supervisor.statuses().filter(({ pid }) => pid !== null).length;
  narrator.stopping(running);
  await fleet.close(stopAllWithinMs);
  const took = durationText(performance.now() - startedMs);
  narrator.say(
    `stopped ${running} services in ${took}; \`npm start\` goes on with the state in ${fleet.places.state}`,
  );
}
