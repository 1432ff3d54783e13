// Who may do what at Mosquitto: from the names in the certificates that were issued to the text of its ACL file. Pure.
//
// 1. A certificate names one client: an engine, a monitor or a bridge. What it may do follows from that name alone.
// 2. A device's topics are spelt out, shard included: no pattern, so that no character in a name can widen it.
// 3. Nobody is allowed anything by default; names that are neither device nor bridge get nothing.
import { idPattern, mqttTopics } from "../../wire/messages/index.ts";

export type Right = { topic: string; may: "read" | "write" };

/** What the holder of a certificate with this name may do; empty for a name of no known kind. */
export function rightsOf(name: string): Right[] {
  const device = /^(.*)-(engine|monitor)$/s.exec(name);
  if (device) {
    const [, cp = "", role] = device;
    if (!idPattern.test(cp)) return [];
    return role === "engine"
      ? [
          { may: "write", topic: mqttTopics.engineEvents(cp) },
          { may: "read", topic: mqttTopics.commands(cp) },
          { may: "read", topic: mqttTopics.acks(cp) },
        ]
      : [
          { may: "write", topic: mqttTopics.monitorEvents(cp) },
          { may: "read", topic: mqttTopics.acks(cp) },
        ];
  }
  if (!/^bridge-[A-Za-z0-9-]+$/.test(name)) return [];
  return [
    { may: "read", topic: mqttTopics.allEngineEvents },
    { may: "read", topic: mqttTopics.allMonitorEvents },
    { may: "read", topic: mqttTopics.allCanaries },
    { may: "write", topic: mqttTopics.allCanaries },
    { may: "write", topic: "ev/v1/+/+/commands" },
    { may: "write", topic: "ev/v1/+/+/acks" },
  ];
}

/** The whole file, the same for the same names in any order. */
export function mosquittoAcl(names: readonly string[]): string {
  const users = [...new Set(names)].sort().flatMap((name) => {
    const rights = rightsOf(name);
    return rights.length === 0
      ? []
      : [`user ${name}`, ...rights.map(({ may, topic }) => `topic ${may} ${topic}`), ""];
  });
  return ["# Made from the issued certificates; changes are overwritten.", "", ...users].join("\n");
}
