// `ev add-driver NAME [port] …`: adds drivers to the fleet while it runs, and says when each one's page answers.
import { firstDynamicPort, newDriverFile } from "../fleet/additions.ts";
import { portRefusal } from "../fleet/checks.ts";
import { Complaint } from "../fleet/complaint.ts";
import { addMembers, memberPath } from "../fleet/edit.ts";
import type { DriverFile, Fleet } from "../fleet/fleet-schemas.ts";
import { serviceNames } from "../fleet/names.ts";
import { placesOf } from "../fleet/places.ts";
import { driversIn, type TypedDriver } from "../fleet/typed-names.ts";
import type { Arguments } from "./arguments.ts";
import { addToFleet, startBegun, takeGiven } from "./begin-fleet.ts";
import type { Output } from "./output.ts";
import { type PageAnswer, pageAnswers } from "./phone-page.ts";
import { applyNow, nextStartText, offsetOf } from "./running.ts";
import { durationText, listText } from "./text.ts";

const pageWithinMs = 20_000;

export async function addDriver(args: Arguments, output: Output): Promise<number> {
  const startedMs = performance.now();
  const typed = driversIn(args.words);
  if (typed.length === 0)
    throw new Complaint(
      "add which driver? For instance `ev add-driver frank`, `ev add-driver frank 8105 grace`",
    );
  const places = placesOf(args.stateDir);
  const offset = offsetOf(args);
  let drivers: DriverFile[] = [];
  const { begun } = await addToFleet(args, places, async (fleet, begins) => {
    const added = await newDrivers(typed, fleet, offset);
    drivers = args.flags.has("--by-hand") ? added.map((one) => ({ ...one, requests: [] })) : added;
    await takeGiven(args, places, { system: fleet.system, cps: [], drivers }, begins);
    addMembers(places, { cps: [], drivers });
  });
  if (begun && (await startBegun(args, output)) !== 0) return 1;
  const applied = await applyNow(args, places);
  const results = await Promise.all(
    drivers.map(async (driver) => {
      const service = serviceNames.driver(driver.driver_id);
      const report = applied?.done.services.find(({ name }) => name === service);
      const url = `http://127.0.0.1:${driver.port + offset}/`;
      const page = applied && (await pageAnswers(url, startedMs, pageWithinMs));
      return { driver, service, url, report, page, file: memberPath(places, driver.driver_id) };
    }),
  );
  const tookMs = Math.round(performance.now() - startedMs);
  const failed = results.some(({ page }) => page && !page.ok);
  if (args.flags.has("--json")) {
    const added = results.map(({ driver, service, url, page, file }) => ({
      driver_id: driver.driver_id,
      service,
      port: driver.port + offset,
      url,
      file,
      asks_for: driver.requests.map(({ cp_id }) => cp_id),
      page_ms: page?.ok ? Math.round(page.afterMs) : null,
    }));
    output.line(JSON.stringify({ verb: "add-driver", took_ms: tookMs, added }, null, 2));
    return failed ? 1 : 0;
  }
  for (const { driver, service, url, page, file, report } of results) {
    const nothing = args.flags.has("--by-hand")
      ? "what you ask"
      : "what is asked on its page (no charge point is in this fleet)";
    const points = listText(driver.requests.map(({ cp_id }) => cp_id)) || nothing;
    output.line(
      `${driver.driver_id}  ${url.replace("127.0.0.1", "localhost")}  asks for ${points}; file ${file}`,
    );
    if (page) output.line(`        ${answerText(page, service, report?.why ?? null)}`);
  }
  output.line(`added ${listText(drivers.map(({ driver_id }) => driver_id))} in ${durationText(tookMs)}`);
  if (!applied) output.line(nextStartText);
  return failed ? 1 : 0;
}

function answerText(page: PageAnswer, service: string, why: string | null): string {
  if (page.ok) return `page answers ${durationText(page.afterMs)}`;
  return `page does not answer (${why ?? page.why}): see \`ev inspect ${service}\``;
}

/** Their files, with free ports. Throws a Complaint that names what is taken. */
async function newDrivers(
  typed: readonly TypedDriver[],
  fleet: Fleet,
  offset: number,
): Promise<DriverFile[]> {
  const known = new Set(fleet.drivers.map(({ driver_id }) => driver_id));
  const twice = typed.filter(({ id }) => known.has(id)).map(({ id }) => id);
  if (twice.length > 0)
    throw new Complaint(
      `${listText(twice)} ${twice.length === 1 ? "exists" : "exist"} already: nothing was added; choose another name, or edit the file and \`ev apply\``,
    );
  const ports = new Map<number, string>([
    ...typed.flatMap(({ port, id }): [number, string][] => (port === undefined ? [] : [[port, id]])),
    [fleet.system.kafka_port, "Kafka"],
    [fleet.system.mqtt_port, "MQTT"],
    [fleet.system.central_port, "Central"],
    ...fleet.drivers.map(({ port, driver_id }): [number, string] => [port, driver_id]),
  ]);
  const added: DriverFile[] = [];
  for (const { id, port } of typed) {
    const chosen = port ?? (await nextFreePort(ports, offset));
    const owner = ports.get(chosen);
    const refused =
      owner !== undefined && owner !== id ? `is that of ${owner}` : await refusalOf(chosen + offset);
    if (refused)
      throw new Complaint(
        `port ${chosen} for ${id} ${refused}: nothing was added; choose another one, or leave it out and a free one is found`,
      );
    ports.set(chosen, id);
    added.push(newDriverFile(id, chosen, { cps: fleet.cps, drivers: [...fleet.drivers, ...added] }));
  }
  return added;
}

async function nextFreePort(ports: ReadonlyMap<number, string>, offset: number): Promise<number> {
  for (let port = firstDynamicPort; port + offset <= 65_535; port++)
    if (!ports.has(port) && (await portRefusal(port + offset)) === undefined) return port;
  throw new Complaint(`no free port from ${firstDynamicPort + offset} on: stop what listens there`);
}

async function refusalOf(port: number): Promise<string | undefined> {
  if (port > 65_535) return `does not exist with the offset of this fleet (${port})`;
  return await portRefusal(port);
}
