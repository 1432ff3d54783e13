// What there is to see after a fault, and the command that mends it: pure, from the service and the fault.
import type { ServiceReport } from "../fleet/control-messages.ts";
import { numberOf } from "../fleet/names.ts";

/** `gone`: its process has ended. `cut`: it runs and reaches nobody. */
export type Blow = "gone" | "cut";

type Struck = Pick<ServiceReport, "name" | "role" | "subject">;

/** Lines that say what happens next and where it is seen, the last one with the command that mends it. */
export function adviceLines(blow: Blow, struck: Struck, centralUrl: string): string[] {
  return [
    ...storyOf(blow, struck),
    ...placesOf(blow, struck, centralUrl).map((place) => `  see    ${place}`),
    `  mend   ev ${blow === "gone" ? "start" : "connect"} ${struck.name}`,
  ];
}

function storyOf(blow: Blow, { role, subject }: Struck): string[] {
  const cut = blow === "cut";
  switch (role) {
    case "engine":
      return cut
        ? [
            `${subject} stays On, for its monitor still reports; a session goes on and keeps its events,`,
            "new starts do not reach it; all is handed in and billed once when it is connected again",
          ]
        : [
            "its monitor counts three failed checks and tells Central within 2 to 6 s: Broken, no new sessions;",
            "a session under way is closed at the charger's own meter when the engine is back, and billed",
          ];
    case "monitor":
      return [
        `Central shows ${subject} Disconnected ${blow === "gone" ? "within 2 s" : "in about 6 s"} and takes no new sessions there;`,
        "one that runs goes on and is billed",
      ];
    case "charger":
      return [`the engine of ${subject} hears nothing on its serial line and reports the fault: Broken`];
    case "driver":
      return ["the session goes on; what Central tells the driver meanwhile waits in the inbox"];
    case "central":
      return [
        `sessions go on and what they say queues in Kafka; ${cut ? "new requests cannot be stored" : "the API is away"} until it is back`,
      ];
    case "table":
      return ["sessions go on, what they say queues in Kafka; Central can neither answer nor decide"];
    case "kafka":
      return ["sessions go on, devices keep their events; GET /cp says since when its feed is stale"];
    case "mqtt":
    case "bridge":
      return [
        "sessions go on, devices keep their events; no status and no command passes: the feed is stale",
      ];
    default:
      return ["what it holds is away with it, all at once"];
  }
}

function placesOf(blow: Blow, { role, subject }: Struck, centralUrl: string): string[] {
  const cp = `curl -s ${centralUrl}/cp | jq '.charging_points[] | select(.cp_id=="${subject}")'`;
  const feed = `curl -s ${centralUrl}/cp | jq .feed`;
  switch (role) {
    case "engine":
      return blow === "cut"
        ? [`ev logs ev-cp-e-${numberOf(subject ?? "")} --tail 5`, cp]
        : [
            `ev logs -f ev-cp-m-${numberOf(subject ?? "")} --grep "health|fault"`,
            `ev logs ev-central --grep ${subject}`,
            cp,
          ];
    case "monitor":
    case "charger":
      return [`ev logs ev-central --grep ${subject}`, cp];
    case "driver":
      return [`ev logs ev-central --grep ${subject}`];
    case "central":
    case "table":
      return ["ev logs ev-cp-e-1 --tail 20"];
    case "kafka":
    case "mqtt":
    case "bridge":
      return [feed, "ev logs -f ev-central ev-bridge"];
    default:
      return [feed];
  }
}
