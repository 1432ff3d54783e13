// connector: plugged, relay, in or out of service. Its word is kept, and a claim released by it, in the way that
// all engine events share.
import { Connector } from "../../wire/messages/index.ts";
import { eventRoute } from "./device-event.ts";

export const connector = eventRoute<Connector>({
  schema: Connector,
  connector: (body) => body,
  apply() {},
});
