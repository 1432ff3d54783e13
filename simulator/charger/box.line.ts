// The serial line of the box: a small receive ring that the firmware empties when it comes round to it.

import { obey } from "./box.commands.ts";
import { report } from "./box.report.ts";
import { type Box, inFault, say, schedule } from "./box.state.ts";
import { evse } from "./box.wire.ts";
import { draw, drawWhole } from "./chance.ts";
import { framed, hear, reply, ringBytes } from "./rapi.ts";

/** After a time without attention the firmware comes to the line this much later. */
export const afterBlockMs = 16;

export function bytesCame(box: Box, bytes: string): void {
  // Without mains nobody listens; the boot loader swallows what comes before the first text.
  if (box.power === "off" || box.power === "resetting" || box.agenda["boot-text"] !== undefined) return;
  box.ring = (box.ring + bytes).slice(0, ringBytes);
  if (box.power === "running" && box.agenda.poll === undefined) {
    schedule(box, "poll", box.nowMs + latencyMs(box));
  }
}

/** Empties the ring: several commands are answered in one burst, two milliseconds apart. */
export function poll(box: Box): void {
  const { hearing, heard, rest } = hear(box.hearing, box.ring);
  box.ring = "";
  box.hearing = hearing;
  const tellsAtOnce = box.config.firmware.stateFrame === "ST";
  let atMs = box.nowMs;
  for (const one of heard) {
    if (box.echo) say(box, one.echo, atMs);
    if (one.is === "unreadable") {
      say(box, framed("NK"), atMs);
      atMs += 2;
      continue;
    }
    const answer = obey(box, one.words);
    if (box.power !== "running") return;
    atMs += answer.extraMs;
    // The old firmware tells the new state from within the command, the others after its answer.
    if (tellsAtOnce) report(box, atMs);
    if (!answer.silent) say(box, reply(answer.ok, answer.args, one.seq), atMs);
    if (box.echo) say(box, "\n", atMs);
    if (!tellsAtOnce) report(box, atMs + 1);
    atMs += 2;
  }
  if (box.echo && rest !== "") say(box, rest, atMs);
  if (heard.length > 0) box.blockedUntilMs = Math.max(box.blockedUntilMs, atMs - 2);
}

/** How long a command waits for the firmware's attention: depends on what its loop has to do besides. */
function latencyMs(box: Box): number {
  if (box.spinning !== "no" || box.evse === evse.sleeping || box.evse === evse.disabled) {
    return between(box, 3, 7);
  }
  if (inFault(box)) return between(box, 15, 21);
  if (box.evse !== evse.charging) return between(box, 17, 24);
  const luck = draw(box.seed);
  box.seed = luck.seed;
  if (luck.value < 0.7) return between(box, 20, 36);
  if (luck.value < 0.92) return between(box, 37, 56);
  return luck.value < 0.997 ? between(box, 57, 110) : 270;
}

function between(box: Box, low: number, high: number): number {
  const drawn = drawWhole(box.seed, low, high);
  box.seed = drawn.seed;
  return drawn.value;
}
