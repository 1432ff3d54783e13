import { freePorts } from "../../simulator/servers/ports.ts";

/** A loopback port that nobody has, and that no outgoing connection gets while what listens there is restarted. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error("no port");
  return port;
}
