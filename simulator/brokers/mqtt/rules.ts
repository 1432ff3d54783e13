// Who may connect to the local broker and use which topic, told from the client's name.
import { deviceOfClient, isAllowed, type Right, rightsOf } from "../../../wire/messages/index.ts";

/** `open`: clients that are neither device nor bridge (test tools) may use everything but $SYS. */
export function mayUse(name: string, may: Right["may"], topic: string, open: boolean): boolean {
  const rights = rightsOf(name);
  if (rights.length > 0 || !open || deviceOfClient(name)) return isAllowed(rights, may, topic);
  return may === "read" || !topic.startsWith("$");
}

/** Why a client of this name may not connect at all; undefined when its name and will are in order. */
export function refusal(name: string, willTopic: string | undefined, open: boolean): string | undefined {
  if (rightsOf(name).length === 0) {
    if (deviceOfClient(name)) return "not a charge point id";
    if (!open) return "neither a device nor a bridge";
  }
  if (willTopic !== undefined && !mayUse(name, "write", willTopic, open))
    return `its last will would go to ${willTopic}`;
  return undefined;
}
