// The MQTT line. Import from here.
export {
  accessOf,
  type MqttAccess,
  mqttAccess,
  mqttAccessVariables,
} from "./environment.ts";
export { openLink, type Subscription } from "./link.ts";
export type { Link, LinkEvents, LinkOptions } from "./port.ts";
