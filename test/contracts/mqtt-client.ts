// A client of our MQTT line in a process of its own, to be killed or frozen: says `up` when it is connected.
import { mqttTopics } from "../../wire/messages/index.ts";
import { openLink } from "../../wire/mqtt/index.ts";
import { silentLog } from "../../wire/process/log.ts";
import type { Reach } from "./mqtt-link.contract.ts";

const { clientId, reach, subscriptions, does } = JSON.parse(process.env.CLIENT ?? "{}") as {
  clientId: string;
  reach: Reach;
  subscriptions: string[];
  does: "nothing" | "flood";
};
const topic = mqttTopics.monitorEvents(clientId.replace(/-monitor$/, ""));
const link = openLink(
  {
    ...reach,
    clientId,
    cleanSession: true,
    keepaliveS: 60,
    ...(clientId.endsWith("-monitor") && {
      will: (connection: number) => ({ topic, payload: `will ${connection}`, qos: 1 as const }),
    }),
  },
  subscriptions.map((one) => ({ topic: one, qos: 0 })),
  { up, down() {}, message() {} },
  silentLog,
);

function up(): void {
  process.stdout.write("up\n");
  if (does === "flood") flood();
}

/** As fast as the broker takes it, a thousand at a time. */
function flood(): void {
  if (!link.connected) return;
  const own = mqttTopics.engineEvents(clientId.replace(/-engine$/, ""));
  const sent = Array.from({ length: 1_000 }, () => link.publish(own, "x".repeat(200), 0));
  void Promise.all(sent).then(() => setImmediate(flood));
}
