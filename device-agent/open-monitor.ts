// The CP Monitor put together: loop, probe and link with its will. A process of its own holds one of these, a
// simulated fleet hundreds; both say how it probes and where its identity and registration come from.
import { mqttTopics } from "../wire/messages/index.ts";
import { accessOf, type Link, type MqttAccess, openLink } from "../wire/mqtt/index.ts";
import type { Log } from "../wire/process/log.ts";
import { type MonitorParts, runMonitor } from "./monitor/run.ts";

/** With its certificate or password at the broker, where that asks for one. */
export interface MonitorSetup extends Omit<MonitorParts, "openLink" | "dice">, MqttAccess {
  mqttUrl: string;
  log: Log;
}

export interface OpenMonitor {
  readonly connected: boolean;
  /** Tells Central that this monitor is gone and closes everything. */
  end(): Promise<void>;
}

/** Returns with the monitor at work. */
export function openMonitor(setup: MonitorSetup): OpenMonitor {
  const { identity, timing, log, mqttUrl } = setup;
  let link: Link | undefined;
  const monitor = runMonitor({
    ...setup,
    dice: Math.random,
    openLink: (will, events) => {
      link = openLink(
        {
          ...accessOf(setup),
          url: mqttUrl,
          clientId: `${identity.cp}-monitor`,
          cleanSession: true,
          // A dead line is given up after 1.5 times this: about when Central would miss the reports anyway.
          keepaliveS: Math.min(60, Math.max(4, Math.round(timing.statusTtlMs / 1_500))),
          will,
        },
        [{ topic: mqttTopics.acks(identity.cp), qos: 0 }],
        events,
        log,
      );
      return link;
    },
  });
  return {
    get connected() {
      return link?.connected ?? false;
    },
    end: () => monitor.end(),
  };
}
