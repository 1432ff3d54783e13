// A charger that tells what a recorded one told: its asynchronous frames at their times, and to each command the
// answer that the recording holds for that command and time. It does not obey: what happens, happened.
import { type RecordedLine, recording } from "../recordings.ts";
import { frame, type Peer } from "./virtual-line.ts";

interface Answer {
  ms: number;
  command: string;
  /** `OK …` or `NK …`, without sequence id. */
  body: string;
}

export interface Replay extends Peer {
  /** What the charger said by itself. */
  asynchronous: RecordedLine[];
  /** What the recorded host wanted of the relay, and when. */
  wishes: { ms: number; amps: number | null }[];
  /** The relay as the recorded charger told it, oldest first. */
  relay: { ms: number; closed: boolean }[];
  /** The session counter as the recorded charger told it, oldest first. */
  sessionWs: { ms: number; ws: number }[];
  /** Times in which nobody answered. */
  silences: { fromMs: number; toMs: number }[];
  endMs: number;
}

const answerMs = 25;

export function replay(story: string, firmware: string): Replay {
  const { lines } = recording(`${story}-${firmware}`);
  const answers = answersIn(lines);
  const fallback = answersIn(recording(`session-${firmware}`).lines);
  const asynchronous = lines.filter(({ dir, text }) => dir === "charger" && !/\$(OK|NK)/.test(text));
  const states = statesIn(asynchronous, answers);
  const silences = silencesIn(lines);
  const lastBefore = <T extends { ms: number }>(list: T[], ms: number) =>
    list.findLast((one) => one.ms <= ms) ?? list[0];

  return {
    asynchronous,
    wishes: wishesIn(lines),
    relay: states.map(({ ms, body }) => ({ ms, closed: relayOf(body) })),
    sessionWs: answers
      .filter(({ command }) => command === "GU")
      .map(({ ms, body }) => ({ ms, ws: Number(body.split(" ")[1]) })),
    silences,
    endMs: lines.at(-1)?.ms ?? 0,
    hear(command, sequence, atMs) {
      if (silences.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs)) return [];
      const [name = "", argument = ""] = command.split(" ");
      let body = "OK";
      if (name === "SC") body = `OK ${argument}`;
      else if (name === "GS") body = lastBefore(states, atMs)?.body ?? "NK";
      // Through an open relay flows nothing; the recorded host did not always ask.
      else if (name === "GG" && !relayOf(lastBefore(states, atMs)?.body ?? ""))
        body = firmware === "5.0.1" ? "OK 0 -1" : "OK 0 240000";
      else if (name.startsWith("G")) {
        const same = (answer: Answer) => answer.command === name;
        const own = answers.filter(same);
        body = lastBefore(own.length > 0 ? own : fallback.filter(same), atMs)?.body ?? "NK";
      }
      return [{ afterMs: answerMs, text: frame(`$${body} :${sequence}`) }];
    },
  };
}

function answersIn(lines: RecordedLine[]): Answer[] {
  const asked = new Map<string, string>();
  const answers: Answer[] = [];
  for (const { ms, dir, text } of lines) {
    const numbered = /\$(.*) :([0-9A-F]{2})\^..\r$/s.exec(text);
    if (!numbered?.[1] || !numbered[2]) continue;
    if (dir === "host") asked.set(numbered[2], numbered[1].split(" ")[0] ?? "");
    const command = asked.get(numbered[2]);
    if (dir === "charger" && command) answers.push({ ms, command, body: numbered[1] });
  }
  return answers;
}

/** What `GS` would have answered from then on: its recorded answers, and the states told in between. */
function statesIn(asynchronous: RecordedLine[], answers: Answer[]): { ms: number; body: string }[] {
  const asked = answers.filter(({ command }) => command === "GS").map(({ ms, body }) => ({ ms, body }));
  const toldBy = asynchronous.flatMap(({ ms, text }) => {
    const at = /\$AT (..) (..) \d+ (....)\^/.exec(text);
    if (at) return [{ ms, body: `OK ${at[1]} 0 ${at[2]} ${at[3]}` }];
    const st = /\$ST (..)\^/.exec(text);
    return st?.[1] ? [{ ms, body: `OK ${Number.parseInt(st[1], 16)} 0` }] : [];
  });
  return [...asked, ...toldBy].sort((one, other) => one.ms - other.ms);
}

function relayOf(body: string): boolean {
  const fields = body.split(" ");
  return fields.length === 3 ? fields[1] === "3" : (Number.parseInt(fields[4] ?? "0", 16) & 0x40) !== 0;
}

/** Without mains, or between a reset and the start after it, nobody answers. */
function silencesIn(lines: RecordedLine[]): { fromMs: number; toMs: number }[] {
  return lines.flatMap(({ ms, dir, text }, at) => {
    if (text !== "powercycle" && !(dir === "host" && text.startsWith("$FR"))) return [];
    const back = lines.slice(at).find((line) => /\$(AB|ST 0[123])/.test(line.text));
    return [{ fromMs: ms, toMs: back?.ms ?? Number.POSITIVE_INFINITY }];
  });
}

function wishesIn(lines: RecordedLine[]): { ms: number; amps: number | null }[] {
  let amps = 80;
  let on = !lines.some(({ text }) => text.startsWith("$FS"));
  const wishes: { ms: number; amps: number | null }[] = on ? [{ ms: 0, amps }] : [];
  for (const { ms, dir, text } of lines) {
    if (dir !== "host") continue;
    const set = /^\$SC (\d+) V/.exec(text);
    if (set) amps = Number(set[1]);
    if (/^\$F[SD]/.test(text)) on = false;
    if (text.startsWith("$FE")) on = true;
    if (/^\$F[SDE]/.test(text) || (set && on)) wishes.push({ ms, amps: on ? amps : null });
  }
  return wishes;
}
