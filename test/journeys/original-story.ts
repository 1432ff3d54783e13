// What each command line of the documents that this system derives from does and shows here, block by block, with what
// their reader has done before and what happens beside it.

export type Step =
  /** Takes a line, runs it once. */
  | { is: "does"; shown?: RegExp; env?: Record<string, string> }
  /** Takes a line that only reads: looks until it shows this. */
  | { is: "shows"; shown: RegExp }
  /** Takes a line that goes on for ever: ended once it has shown this. */
  | { is: "follows"; shown: RegExp }
  /** Takes a sleep: waits until this command succeeds. */
  | { is: "sleeps"; until: string }
  /** Takes a line of `notHere`. */
  | { is: "not here" }
  /** Takes none: what the documents' reader has done before, or does beside it. */
  | { is: "given"; command: string }
  /** Takes none: what the documents say happens meanwhile. */
  | { is: "meanwhile"; command: string };

const does = (shown?: RegExp, env?: Record<string, string>): Step => ({
  is: "does",
  ...(shown && { shown }),
  ...(env && { env }),
});
const shows = (shown: RegExp): Step => ({ is: "shows", shown });
const follows = (shown: RegExp): Step => ({ is: "follows", shown });
const sleeps = (until: string): Step => ({ is: "sleeps", until });
const given = (command: string): Step => ({ is: "given", command });
const meanwhile = (command: string): Step => ({ is: "meanwhile", command });
const elsewhere: Step = { is: "not here" };
const point = (cp: string, is: string) =>
  `curl -s http://localhost:8000/cp | jq -e '.charging_points[] | select(.cp_id=="${cp}") | ${is}'`;
const on = (cp: string) => point(cp, '.state=="ON"');
const broken = (cp: string) => point(cp, '.state=="BROKEN"');
const charging = (cp: string) => point(cp, '.engine_state=="SUPPLYING"');
const added = (cp: string) => new RegExp(`^${cp} .*\n.*On \\d.*requestable \\d`);
const page = (driver: string, port: number) =>
  new RegExp(`^driver-${driver} .*localhost:${port}/.*\n +page answers`);

/** By block: a step for each of its lines, in order. */
export const story: Readonly<Record<string, readonly Step[]>> = {
  "dynamic-deployment 1": [does(/^39 of 39 services ready/m)],
  "dynamic-deployment 2": [elsewhere],
  "dynamic-deployment 3": [does(added("CP-011")), does(added("CP-012")), does(added("CP-020"))],
  "dynamic-deployment 4": [
    shows(/CP Engine CP-011 started successfully/),
    shows(/registration acknowledged/),
    shows(/"cp_id": "CP-011",\s+"state": "ON",\s+"engine_state": "(ACTIVATED|SUPPLYING)"/),
  ],
  "dynamic-deployment 5": [does(/^CP-011 .*stopped/)],
  "dynamic-deployment 6": [elsewhere],
  "dynamic-deployment 7": [does(page("frank", 8105)), does(page("grace", 8106))],
  "dynamic-deployment 8": [shows(/<!doctype html>[\s\S]*<title>/i), shows(/^\[\n(\s+\{[^[]*"cp_id": "CP-)/)],
  "dynamic-deployment 9": [does(/^driver-frank .*ev-driver-frank stopped/)],
  "dynamic-deployment 10": [elsewhere],
  "dynamic-deployment 11": [
    meanwhile(on("CP-005")),
    does(/^ev-cp-e-5 was killed/),
    meanwhile(broken("CP-005")),
    meanwhile(`ev logs ev-cp-m-5 | grep "Fault notification sent to Central"`),
    meanwhile(`ev logs ev-central | grep "CP CP-005 marked as FAULTY"`),
    does(/^ev-driver-alice was killed/),
    does(/^chance picked (ev-[\w-]+)\n\1 was killed/),
  ],
  "dynamic-deployment 12": [
    does(/^ev-cp-e-5 is ready after/),
    does(/^ev-cp-e-5 ran already\nev-cp-m-5 (ran already|is ready after)/),
  ],
  "dynamic-deployment 13": [
    given("ev start"),
    // Whom chance picked above may have been its monitor: then it comes back from Disconnected.
    follows(/CP CP-005 (fault cleared, now available|connected again)/),
    shows(/"cp_id": "CP-005",\s+"state": "ON"/),
  ],
  "dynamic-deployment 14": [elsewhere],
  "dynamic-deployment 15": [elsewhere, elsewhere, elsewhere],
  "dynamic-deployment 16": [elsewhere, elsewhere, elsewhere],
  "dynamic-deployment 17": [
    given("ev up --detach --only kafka --state cluster --port-offset 20000"),
    does(/^3 of 3 services ready/m),
    meanwhile("curl -s http://localhost:28000/health | jq -e '.feed.stale_since==null'"),
    given("ev down --state elsewhere && ev down --state cluster"),
  ],
  "dynamic-deployment 18": [shows(/^NAME .*STATUS .*PORT[\s\S]*^ev-central .*running .* 8000 /m)],
  "dynamic-deployment 19": [
    // CP-011 was removed: Central goes on showing it, Disconnected.
    shows(/^13$/m),
    shows(/^\d+$/m),
    shows(/"cp_id": "CP-012",\s+"state": "ON",\s+"engine_state": "\w+",\s+"monitor_status": "OK"/),
  ],
  "dynamic-deployment 20": [
    shows(/Driver driver-alice \| started successfully/),
    shows(/=== ev-driver-bob ===\n.*IN_PROGRESS CP-007 .*kWh/),
  ],
  "dynamic-deployment 21": [
    given("ev clean"),
    does(/every service runs already/),
    does(added("CP-011")),
    does(added("CP-012")),
    does(added("CP-013")),
    does(page("frank", 8105)),
    does(page("grace", 8106)),
  ],
  "dynamic-deployment 22": [
    meanwhile(on("CP-005")),
    does(/^ev-cp-e-5 was killed/),
    sleeps(broken("CP-005")),
    does(/^ev-cp-e-5 is ready after/),
    shows(
      /Health check failed \(1\)[\s\S]*\(2\)[\s\S]*\(3\)[\s\S]*FAULT DETECTED[\s\S]*Fault notification sent to Central[\s\S]*Health restored[\s\S]*Health restoration notification sent to Central/,
    ),
  ],
  "dynamic-deployment 23": [
    does(/^ev-cp-e-3 was killed/),
    does(/^ev-cp-e-7 was killed/),
    does(/^ev-cp-e-9 was killed/),
    follows(
      /(?=[\s\S]*CP CP-003 marked as FAULTY)(?=[\s\S]*CP CP-007 marked as FAULTY)[\s\S]*CP CP-009 marked as FAULTY/,
    ),
    does(/^ev-cp-e-3 is ready after/),
    sleeps(`${on("CP-003")} && ${broken("CP-007")} && ${broken("CP-009")}`),
    does(/^ev-cp-e-7 is ready after/),
    sleeps(`${on("CP-007")} && ${broken("CP-009")}`),
    does(/^ev-cp-e-9 is ready after/),
    meanwhile(on("CP-009")),
  ],
  "dynamic-deployment 24": [
    does(/"session_id":"S-CP-002-/),
    given("ev plug 2 --need-kwh 20"),
    meanwhile(charging("CP-002")),
    does(/^ev-driver-alice was killed/),
    shows(/"state": "ON",\s+"engine_state": "SUPPLYING"[\s\S]*"session_id": "S-CP-002-/),
    does(/^ev-driver-alice is ready after/),
    meanwhile(charging("CP-002")),
    given("ev unplug 2"),
    meanwhile(`ev logs ev-driver-alice | grep "completed"`),
  ],
  "dynamic-deployment 25": [
    shows(/CP Engine CP-011 started successfully/),
    shows(/consumer started/),
    shows(/START_SUPPLY sent to CP-011|CP-011/),
  ],
  "dynamic-deployment 26": [
    shows(/^(\{\s+"cp_id"[\s\S]*)?$/),
    shows(/started successfully on http:\/\/127.0.0.1:8105/),
    does(/"session_id":"S-CP-001-/),
    given("ev plug 1 --need-kwh 20"),
    meanwhile(charging("CP-001")),
    given("ev unplug 1"),
  ],
  "dynamic-deployment 27": [
    does(/^removed .*CP-011, CP-012, CP-013, driver-frank and driver-grace/m),
    does(/nothing to remove/),
    does(/nothing to remove/),
  ],
  "dynamic-deployment 28": [
    does(/CP-015 .*\n.*requestable \d.*\nadded CP-015 in .*\n$/),
    // In the shell of the line before, $i is 15 by now.
    does(/8115[\s\S]*8116[\s\S]*driver-henry .*localhost:8117\/.*\n +page answers/, { i: "15" }),
  ],
  "dynamic-deployment 29": [
    does(/^exported 15 charge points, 8 drivers/),
    given("ev clean"),
    does(/^adds .*CP-011, CP-012, CP-013, CP-014, CP-015, driver-frank, driver-grace and driver-henry/),
    meanwhile(
      `${point("CP-015", '.state=="ON"')} && curl -s http://localhost:8000/cp/CP-015 | jq -e '.price_eur_per_kwh==0.35'`,
    ),
    given("ev clean"),
  ],
  "fault-tolerance-quick-reference 1": [
    does(/^ev-cp-m-1 stopped|^ev-cp-m-1 .*stopped/),
    shows(/CP CP-001 disconnected/),
    does(/^ev-cp-m-1 is ready after/),
    meanwhile(on("CP-001")),
    does(/^ev-cp-e-2 /),
    sleeps(broken("CP-002")),
    shows(/CP_M:CP-002 \| FAULT DETECTED/),
    does(/^ev-cp-e-2 is ready after/),
    meanwhile(on("CP-002")),
    given(
      `curl -s -X POST http://localhost:8100/drivers/driver-alice/requests -H "Content-Type: application/json" -d '{"cp_id": "CP-002", "vehicle_id": "VEH-001"}'`,
    ),
    given("ev plug 2 --need-kwh 20"),
    meanwhile(charging("CP-002")),
    does(/^ev-driver-alice /),
    given("ev unplug 2"),
    sleeps(point("CP-002", '.connector_status=="Available"')),
    does(/^ev-driver-alice is ready after/),
    follows(/Charging at CP-002 is completed[\s\S]*Charging at CP-002 is completed/),
    does(/^ev-central /),
    shows(/CP_E:CP-001/),
    does(/^ev-central is ready after/),
    meanwhile(on("CP-001")),
    elsewhere,
  ],
  "fault-tolerance-quick-reference 2": [
    shows(/^39 of 39 services run/m),
    shows(/^healthy$/m),
    shows(/CP CP-005 marked as FAULTY[\s\S]*CP CP-005 fault cleared, now available/),
    shows(/START_SUPPLY sent to CP-0/),
    shows(/Session S-CP-001-\w+ completed/),
  ],
  "fault-tolerance-quick-reference 3": [
    given("ev kill ev-cp-e-1 ev-cp-m-1 ev-driver-alice ev-central ev-kafka"),
    does(/^ev-cp-e-1 is ready after/),
    does(/^ev-cp-m-1 is ready after/),
    does(/^ev-driver-alice is ready after/),
    does(/^ev-central is ready after/),
    does(/^ev-kafka is ready after/),
    meanwhile(
      'curl -s http://localhost:8000/cp | jq -e \'[.charging_points[] | select(.cp_id<="CP-010") | .state] | all(.=="ON")\'',
    ),
    meanwhile("curl -s http://localhost:8000/cp | jq -e '.feed.stale_since==null'"),
  ],
  "fault-tolerance-quick-reference 4": [
    // That system had four charge points and no charlie.
    given("ev remove 5..10 --forget"),
    does(added("CP-005")),
    elsewhere,
    does(/^driver-charlie .*\n +page answers/),
    does(/CP-010 .*\n.*requestable \d[\s\S]*^added CP-006, CP-007, CP-008, CP-009 and CP-010/m),
  ],
  "beside the blocks": [does(/ev-cp-m-1 is cut off/), given("ev connect ev-cp-m-1"), shows(/Bridge \|/)],
};

export const takesLine = ({ is }: Step): boolean => is !== "given" && is !== "meanwhile";
