// The kinds of status that have a colour.

/** on: green · charging: blue · broken: red · disconnected: grey, outlined in black · stopped: amber · idle: quiet. */
export type StatusKind = "on" | "charging" | "broken" | "disconnected" | "stopped" | "idle";
