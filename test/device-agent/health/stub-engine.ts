// An engine reduced to its health socket, as a process of its own that tests kill and stop. A line on standard
// input with JSON changes what it answers; SIGTERM ends it in order.
import { createInterface } from "node:readline";
import { serveHealth } from "../../../device-agent/health/health-server.ts";
import type { HealthReply } from "../../../device-agent/health/protocol.ts";
import { silentLog } from "../../../wire/process/log.ts";

let reply: HealthReply = {
  epoch: 1,
  tickAgeMs: 3,
  journalWritable: true,
  chargerHeardMs: 200,
  operative: true,
  sid: null,
};
const server = await serveHealth(process.env.HEALTH_SOCKET ?? "", () => reply, silentLog);
createInterface({ input: process.stdin }).on("line", (line) => {
  reply = { ...reply, ...JSON.parse(line) };
});
process.on("SIGTERM", () => void server.close().then(() => process.exit(0)));
setInterval(() => {}, 60_000);
