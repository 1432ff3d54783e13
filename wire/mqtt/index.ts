// The MQTT line. Import from here.
export { mqttTls, mqttTlsVariables } from "./environment.ts";
export { openLink, type Subscription } from "./link.ts";
export type { Link, LinkEvents, LinkOptions } from "./port.ts";
