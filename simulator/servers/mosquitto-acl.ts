// Mosquitto's ACL file, from the names in the certificates that were issued. What each may do is the same at every
// broker (`rightsOf`). Pure.
import { rightsOf } from "../../wire/messages/index.ts";

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
