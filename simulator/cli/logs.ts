// `ev logs [-f] [--tail N] [--since T] [--grep X] [SERVICE…]`: one service's lines as they are, those of several (all,
// when none is named) merged by their time and named.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Complaint } from "../fleet/complaint.ts";
import { readFleet } from "../fleet/fleet-files.ts";
import { type Places, placesOf } from "../fleet/places.ts";
import { resolveOrComplain } from "../fleet/resolve.ts";
import { servicesOf } from "../fleet/services.ts";
import { type Arguments, wholeNumber } from "./arguments.ts";
import { durationOption } from "./duration-option.ts";
import { dated, type LogLine, merged, shownAs } from "./log-lines.rules.ts";
import { follow, readLines } from "./log-reader.ts";
import type { Output } from "./output.ts";

const pollMs = 200;
/** Without a name, a tail or a time the whole past of forty services is nobody's wish. */
const tailOfAllLines = 20;

export async function logs(args: Arguments, output: Output): Promise<number> {
  const places = placesOf(args.stateDir);
  const known = knownNames(args, places);
  const names = args.words.length > 0 ? args.words.map((typed) => resolveOrComplain(typed, known)) : known;
  const unlimited = args.words.length > 0 || args.values.has("--since") || args.values.has("--grep");
  const typedTail = args.values.get("--tail");
  const tail =
    typedTail === undefined
      ? unlimited
        ? undefined
        : tailOfAllLines
      : wholeNumber("--tail", typedTail, 10_000_000);
  const sinceMs = durationOption(args, "--since");
  const sinceAt = sinceMs === undefined ? "" : new Date(Date.now() - sinceMs).toISOString();
  const matches = matcher(args.values.get("--grep"));
  const wanted = ({ at, line }: LogLine) => at >= sinceAt && matches(line);
  const show = shownAs(names, process.stdout.isTTY === true && !process.env.NO_COLOR);

  const followers = args.flags.has("--follow")
    ? names.map((name) => ({ name, at: "", follower: follow(pathOf(places, name)) }))
    : [];
  const filtered = args.values.has("--grep") || sinceMs !== undefined;
  const found = merged(
    names.flatMap((name) =>
      dated(name, readLines(pathOf(places, name), filtered ? undefined : tail)).filter(wanted),
    ),
  );
  const shown = tail === undefined ? found : tail === 0 ? [] : found.slice(-tail);
  for (const line of shown) output.line(show(line));
  if (found.length === 0 && followers.length === 0 && !filtered)
    output.note(`${names.join(", ")}: no log yet; it begins when the service starts`);

  while (followers.length > 0) {
    const fresh: LogLine[] = [];
    for (const one of followers) {
      const lines = dated(one.name, one.follower.more(), one.at);
      one.at = lines.at(-1)?.at ?? one.at;
      fresh.push(...lines.filter(({ line }) => matches(line)));
    }
    for (const line of merged(fresh)) output.line(show(line));
    await delay(pollMs);
  }
  return 0;
}

function pathOf(places: Places, name: string): string {
  return join(places.logs, `${name}.log`);
}

function matcher(pattern: string | undefined): (line: string) => boolean {
  if (pattern === undefined) return () => true;
  try {
    const expression = new RegExp(pattern, "i");
    return (line) => expression.test(line);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Complaint(`--grep=${pattern} is no regular expression: ${why}`);
  }
}

/** The fleet's services, and those of which only the log is left. */
function knownNames(args: Arguments, places: Places): string[] {
  if (!existsSync(join(places.fleet, "system.json")))
    throw new Complaint(
      `there are no logs in ${places.logs}: no fleet was started with this state directory`,
    );
  const fleet = servicesOf(readFleet(places.fleet), { ...args, servers: {}, only: [], places });
  const logged = existsSync(places.logs)
    ? readdirSync(places.logs).filter((file) => file.endsWith(".log"))
    : [];
  return [...new Set([...fleet.map(({ name }) => name), ...logged.map((file) => file.slice(0, -4))])];
}
