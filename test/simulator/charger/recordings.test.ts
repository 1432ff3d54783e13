// The simulated charger tells the same story as each recording of real firmware for the same events.
import { describe, expect, test } from "vitest";
import { type FirmwareName, firmwareNames } from "../../../simulator/charger/firmware.ts";
import {
  inputsOf,
  Listener,
  type RecordedLine,
  recording,
  runningPoint,
  type Said,
  saidIn,
} from "./recorded.ts";

const unaskedMs = 120;
/** Replies wait for the firmware's loop, whose luck differs. */
const replyMs = 320;

const isReply = ({ text }: { text: string }) => /^\$(OK|NK)/.test(text);

function simulate(name: string, firmware: FirmwareName): Said[] {
  const listener = new Listener(runningPoint(firmware));
  const lines = recording(name);
  let replies = 0;
  for (const line of lines) {
    if (line.dir === "charger" && isReply(line)) replies += 1;
    // The host of the recording had its answers before it touched the hardware.
    const answered = () => listener.said.filter(isReply).length >= replies;
    let at = line.ms;
    if (line.dir === "event") while (!answered() && at < line.ms + replyMs) listener.until(++at);
    listener.until(at, inputsOf(line));
  }
  listener.until((lines.at(-1)?.ms ?? 0) + 400);
  return listener.said;
}

/** The command that a reply answers, by sequence id. */
function commandOf(lines: readonly RecordedLine[], reply: string): string {
  const seq = / :([0-9A-F]{2})\^/.exec(reply)?.[1];
  const line = lines.find(
    ({ dir, text }) => dir === "host" && seq !== undefined && text.includes(` :${seq}`),
  );
  return line?.text.slice(1, 3) ?? "";
}

const body = (text: string) => text.replace(/\^..$/, "");

function expectSameAnswer(command: string, simulated: string, recorded: string): void {
  const ours = body(simulated).split(" ");
  const theirs = body(recorded).split(" ");
  expect(ours.length, `${simulated} ~ ${recorded}`).toBe(theirs.length);
  const measured: Record<string, (field: number, a: number, b: number) => boolean> = {
    // Elapsed seconds: the old firmware counts them on another clock.
    GS: (field, a, b) => field === 2 && Math.abs(a - b) <= 1,
    // Current: a window that the load changed in shows anything between before and after.
    GG: (field, a, b) => field === 1 && Math.abs(a - b) <= Math.max(220, 0.3 * Math.max(a, b)),
    // Energy: about 1 % and two integration steps.
    GU: (field, a, b) => Math.abs(a - b) <= (field === 1 ? 2000 + 0.02 * b : 1),
  };
  for (const [field, word] of ours.entries()) {
    if (word === theirs[field]) continue;
    const near = measured[command]?.(field, Number(word), Number(theirs[field])) ?? false;
    expect(near, `${command}: ${simulated} is not near ${recorded}`).toBe(true);
  }
}

describe.each(["session", "power-cut", "reset"])("recording %s", (kind) => {
  test.each(firmwareNames)("of firmware %s is told again", (firmware) => {
    const lines = recording(`${kind}-${firmware}`);
    const recorded = saidIn(lines);
    const simulated = simulate(`${kind}-${firmware}`, firmware);

    const theirUnasked = recorded.filter((said) => !isReply(said));
    const ourUnasked = simulated.filter((said) => !isReply(said));
    expect(ourUnasked.map(({ text }) => text)).toEqual(theirUnasked.map(({ text }) => text));
    for (const [i, said] of theirUnasked.entries()) {
      const off = Math.abs((ourUnasked[i]?.ms ?? 0) - said.ms);
      expect(off, `${said.text} at ${said.ms}`).toBeLessThanOrEqual(unaskedMs);
    }

    const theirReplies = recorded.filter(isReply);
    const ourReplies = simulated.filter(isReply);
    expect(ourReplies.length).toBe(theirReplies.length);
    for (const [i, said] of theirReplies.entries()) {
      const ours = ourReplies[i] ?? { ms: 0, text: "" };
      expectSameAnswer(commandOf(lines, said.text), ours.text, said.text);
      expect(Math.abs(ours.ms - said.ms), `${said.text} at ${said.ms}`).toBeLessThanOrEqual(replyMs);
    }
  });
});
