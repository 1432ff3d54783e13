// The MQTT line. Import from here.
export { openLink, type Subscription } from "./link.ts";
export type { Link, LinkEvents, LinkOptions } from "./port.ts";
