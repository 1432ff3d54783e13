// Who may do what at an MQTT broker: it follows from the client's name alone, whichever broker stands there. Pure.
//
// 1. A name is that of one client: an engine, a monitor, a bridge, or a watcher (`watch-…`) who hears all and says
//    nothing. What it may do follows from that name.
// 2. A device's topics are spelt out, shard included: no pattern, so that no character in a name can widen it.
// 3. Nobody is allowed anything by default; names of no known kind get nothing.
import { idPattern } from "./ids.ts";
import { mqttTopics } from "./topics.ts";

/** `topic` may hold `+` (one level) for a bridge, never for a device. */
export type Right = { topic: string; may: "read" | "write" };

/** The device that such a client name claims to be, whether or not its id has the form of one. */
export function deviceOfClient(name: string): { cp: string; role: "engine" | "monitor" } | undefined {
  const device = /^(.*)-(engine|monitor)$/s.exec(name);
  return device ? { cp: device[1] ?? "", role: device[2] === "engine" ? "engine" : "monitor" } : undefined;
}

/** What the client of this name may do; empty for a name of no known kind. */
export function rightsOf(name: string): Right[] {
  const device = deviceOfClient(name);
  if (device) {
    const { cp, role } = device;
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
  if (/^watch-[A-Za-z0-9-]+$/.test(name))
    return [
      { may: "read", topic: mqttTopics.allEngineEvents },
      { may: "read", topic: mqttTopics.allMonitorEvents },
      { may: "read", topic: mqttTopics.allCanaries },
      { may: "read", topic: mqttTopics.allCommands },
      { may: "read", topic: mqttTopics.allAcks },
    ];
  if (!/^bridge-[A-Za-z0-9-]+$/.test(name)) return [];
  return [
    { may: "read", topic: mqttTopics.allEngineEvents },
    { may: "read", topic: mqttTopics.allMonitorEvents },
    { may: "read", topic: mqttTopics.allCanaries },
    { may: "write", topic: mqttTopics.allCanaries },
    { may: "write", topic: mqttTopics.allCommands },
    { may: "write", topic: mqttTopics.allAcks },
  ];
}

/** Whether these rights cover a topic to write to, or a topic filter to read by. */
export function isAllowed(rights: readonly Right[], may: Right["may"], topic: string): boolean {
  if (may === "write" && /[+#]/.test(topic)) return false;
  return rights.some((right) => right.may === may && covers(right.topic, topic));
}

/** Whether everything that `wanted` matches is matched by `granted`, which knows no `#`. */
function covers(granted: string, wanted: string): boolean {
  if (granted === wanted) return true;
  const given = granted.split("/");
  const asked = wanted.split("/");
  return (
    given.length === asked.length &&
    given.every((level, i) => asked[i] !== "#" && (level === "+" || level === asked[i]))
  );
}
