// The bridge's own heartbeat: published for each feed, carried back through its own uplink. When it stops, it is
// the road that is broken, not the fleet.
import { type Canary, mqttTopics } from "../wire/messages/index.ts";
import type { Link } from "../wire/mqtt/port.ts";

export interface CanaryOptions {
  /** Kafka partitions to prove. */
  feeds: readonly number[];
  bridgeId: string;
  everyMs: number;
  link: Pick<Link, "connected" | "publish">;
}

/** Sings until the returned function is called. */
export function startCanary({ feeds, bridgeId, everyMs, link }: CanaryOptions): () => void {
  let n = 0;
  const timer = setInterval(() => {
    if (!link.connected) return;
    n++;
    for (const feed of feeds) {
      const canary: Canary = { v: 1, type: "canary", feed, bridge: bridgeId, n, everyMs };
      // QoS 0, result unread: a lost one is what it is there to show.
      void link.publish(mqttTopics.canary(feed), JSON.stringify(canary), 0);
    }
  }, everyMs);
  return () => clearInterval(timer);
}
