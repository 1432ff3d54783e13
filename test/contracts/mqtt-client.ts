// A client of our MQTT line in a process of its own, to be killed or frozen: says `up` when it is connected.
import { mqttTopics } from "../../wire/messages/index.ts";
import { openLink } from "../../wire/mqtt/index.ts";
import { silentLog } from "../../wire/process/log.ts";
import type { Reach } from "./mqtt-link.contract.ts";

const { clientId, reach, subscriptions } = JSON.parse(process.env.CLIENT ?? "{}") as {
  clientId: string;
  reach: Reach;
  subscriptions: string[];
};
const topic = mqttTopics.monitorEvents(clientId.replace(/-monitor$/, ""));
openLink(
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
  { up: () => process.stdout.write("up\n"), down() {}, message() {} },
  silentLog,
);
