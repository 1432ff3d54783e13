// Where each screen is.
import { hrefOf } from "../kit/hash-route.ts";
import type { RequestMode } from "./start.rules.ts";

export const addresses = {
  find: "#/",
  sessions: hrefOf(["sessions"]),
  messages: hrefOf(["messages"]),
  you: hrefOf(["you"]),
  point: (cp: string) => hrefOf(["point", cp]),
  start: (cp: string, mode: RequestMode) => hrefOf(["point", cp, mode]),
  session: (sid: string) => hrefOf(["session", sid]),
};
