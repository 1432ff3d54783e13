// `ev logs [-f] [--tail n] [--grep x] SERVICE…`: one service's lines as they are, several merged by their time.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Complaint } from "../fleet/complaint.ts";
import { readFleet } from "../fleet/fleet-files.ts";
import { type Places, placesOf } from "../fleet/places.ts";
import { resolveOrComplain } from "../fleet/resolve.ts";
import { servicesOf } from "../fleet/services.ts";
import { type Arguments, wholeNumber } from "./arguments.ts";
import { follow, readLines } from "./log-reader.ts";
import type { Output } from "./output.ts";

const pollMs = 200;
const tailOfAllLines = 20;

export async function logs(args: Arguments, output: Output): Promise<number> {
  const places = placesOf(args.stateDir);
  const known = knownNames(args, places);
  const names = args.words.length > 0 ? args.words.map((typed) => resolveOrComplain(typed, known)) : known;
  const typedTail = args.values.get("--tail");
  const all = args.words.length === 0 ? tailOfAllLines : undefined;
  const tail = typedTail === undefined ? all : wholeNumber("--tail", typedTail, 10_000_000);
  const wanted = matcher(args.values.get("--grep"));
  const prefix = names.length > 1;

  const followers = args.flags.has("--follow")
    ? names.map((name) => ({ name, follower: follow(join(places.logs, `${name}.log`)) }))
    : [];
  const found = names.flatMap((name) =>
    stamped(
      name,
      readLines(join(places.logs, `${name}.log`), wanted ? undefined : tail).filter(
        (line) => wanted?.(line) ?? true,
      ),
    ),
  );
  found.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const shown = tail === undefined ? found : tail === 0 ? [] : found.slice(-tail);
  for (const { name, line } of shown) output.line(prefix ? `${name} | ${line}` : line);
  if (found.length === 0 && followers.length === 0 && !wanted)
    output.note(`${names.join(", ")}: no log yet; it begins when the service starts`);

  while (followers.length > 0) {
    for (const { name, follower } of followers)
      for (const line of follower.more())
        if (wanted?.(line) ?? true) output.line(prefix ? `${name} | ${line}` : line);
    await delay(pollMs);
  }
  return 0;
}

function matcher(pattern: string | undefined): ((line: string) => boolean) | undefined {
  if (pattern === undefined) return undefined;
  try {
    const expression = new RegExp(pattern, "i");
    return (line) => expression.test(line);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Complaint(`--grep=${pattern} is no regular expression: ${why}`);
  }
}

/** A line without a time of its own (a stack) stays with the line before it. */
function stamped(name: string, lines: string[]): { name: string; at: string; line: string }[] {
  let at = "";
  return lines.map((line) => {
    at = /^\d{4}-\d\d-\d\dT[\d:.]+Z/.exec(line)?.[0] ?? at;
    return { name, at, line };
  });
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
