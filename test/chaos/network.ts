// The lines between the fleet's processes, each through a proxy of its own that can lose, hold or cut it.

import { openTcpProxy, type TcpProxy } from "../../simulator/faults/tcp-proxy.ts";
import type { Fleet } from "../../simulator/fleet/fleet-schemas.ts";
import { serviceNames } from "../../simulator/fleet/names.ts";

export interface Network {
  /** By name, as `ev-cp-m-4 → mqtt`. */
  links: ReadonlyMap<string, { cp: string | null; proxy: TcpProxy }>;
  /** What to give each service so that it takes its line. */
  env: Record<string, Record<string, string>>;
  close(): Promise<void>;
}

/** A line for every MQTT and Kafka client and for every phone of `fleet`, whose ports are moved by `offset`. */
export async function openNetwork(fleet: Fleet, offset: number): Promise<Network> {
  const links = new Map<string, { cp: string | null; proxy: TcpProxy }>();
  const env: Network["env"] = {};
  const { kafka_port, mqtt_port, central_port } = fleet.system;
  // The witness is neither a device nor a bridge.
  env[serviceNames.mqtt] = { MQTT_OPEN: "1" };
  const line = async (service: string, cp: string | null, to: "mqtt" | "kafka" | "central") => {
    const port = { mqtt: mqtt_port, kafka: kafka_port, central: central_port }[to] + offset;
    const proxy: TcpProxy = await openTcpProxy(
      to === "kafka" ? { port, rewriteAnswer: (chunk) => readdressed(chunk, port, proxy.port) } : { port },
    );
    links.set(`${service} → ${to}`, { cp, proxy });
    const at = `127.0.0.1:${proxy.port}`;
    const address = {
      mqtt: { MQTT_URL: `mqtt://${at}` },
      kafka: { KAFKA_BOOTSTRAP: at },
      central: { CENTRAL_URL: `http://${at}` },
    }[to];
    env[service] = { ...env[service], ...address };
  };
  for (const { cp_id: cp } of fleet.cps) {
    await line(serviceNames.engine(cp), cp, "mqtt");
    await line(serviceNames.monitor(cp), cp, "mqtt");
  }
  await line(serviceNames.bridge, null, "mqtt");
  await line(serviceNames.bridge, null, "kafka");
  await line(serviceNames.central, null, "kafka");
  for (const driver of fleet.drivers) await line(serviceNames.driver(driver.driver_id), null, "central");
  return {
    links,
    env,
    async close() {
      for (const { proxy } of links.values()) await proxy.close();
    },
  };
}

/** Where the broker names its own address (a string, then 32 bits of port), the line's port takes the broker's place. */
export function readdressed(chunk: Buffer, brokerPort: number, linePort: number): Buffer {
  const named = Buffer.alloc(13);
  named.write("127.0.0.1", "latin1");
  named.writeInt32BE(brokerPort, 9);
  for (let at = chunk.indexOf(named); at >= 0; at = chunk.indexOf(named, at + named.length))
    chunk.writeInt32BE(linePort, at + 9);
  return chunk;
}
