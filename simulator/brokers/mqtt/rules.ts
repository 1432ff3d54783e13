// Who may do what at the local broker, told from the client id alone: locally there are no passwords, but an
// id that looks like a device is held to that device's topics, as certificates hold it in the cloud.
import { idPattern, mqttTopics } from "../../../wire/messages/index.ts";

export type Action = "publish" | "subscribe";

type Who = { is: "device"; cp: string; role: "engine" | "monitor" } | { is: "bridge" } | { is: "other" };

/** The device pattern goes first, so that a charge point called `bridge-…` gains nothing by its name. */
function who(clientId: string): Who {
  const device = /^(.*)-(engine|monitor)$/s.exec(clientId);
  if (device)
    return { is: "device", cp: device[1] ?? "", role: device[2] === "engine" ? "engine" : "monitor" };
  return clientId.startsWith("bridge-") ? { is: "bridge" } : { is: "other" };
}

/** `open`: clients that are neither device nor bridge (test tools) may use everything but $SYS. */
export function mayUse(clientId: string, action: Action, topic: string, open: boolean): boolean {
  if (action === "publish" && topic.startsWith("$")) return false;
  const client = who(clientId);
  switch (client.is) {
    case "device":
      return idPattern.test(client.cp) && topicsOf(client.cp, client.role)[action].includes(topic);
    case "bridge":
      return true;
    case "other":
      return open;
  }
}

/** Why a client may not connect at all; undefined when it may. */
export function refusal(clientId: string, willTopic: string | undefined, open: boolean): string | undefined {
  const client = who(clientId);
  if (client.is === "other" && !open) return "neither a device nor a bridge (MQTT_OPEN=1 lets others in)";
  if (client.is === "device" && !idPattern.test(client.cp)) return "not a charge point id";
  if (willTopic !== undefined && !mayUse(clientId, "publish", willTopic, open))
    return `its last will would go to ${willTopic}`;
  return undefined;
}

function topicsOf(cp: string, role: "engine" | "monitor"): Record<Action, string[]> {
  return role === "engine"
    ? { publish: [mqttTopics.engineEvents(cp)], subscribe: [mqttTopics.commands(cp), mqttTopics.acks(cp)] }
    : { publish: [mqttTopics.monitorEvents(cp)], subscribe: [mqttTopics.acks(cp)] };
}
