// The doors of this host: where other hosts reach the servers of this fleet. The servers themselves listen on loopback
// alone; each door forwards one port of one named address, and exists only when it was asked for.
import { isIPv4 } from "node:net";
import { errorText } from "../../wire/process/log.ts";
import { openTcpProxy, type TcpProxy } from "../faults/tcp-proxy.ts";
import { Complaint } from "./complaint.ts";
import { isCode } from "./process-identity.ts";
import type { Role, ServiceSpec } from "./service-spec.ts";

export interface Door {
  /** The service behind it. */
  to: string;
  role: Role;
  /** `address:port` as other hosts dial it. */
  at: string;
  proxy: TcpProxy;
}

const servers: readonly Role[] = ["kafka", "mqtt", "central"];

/**
 * The address as it was typed, when it can be listened on and told to others. Throws a Complaint: Kafka has to tell its
 * clients where it is, so "everywhere" is no address.
 */
export function listenAddress(typed: string): string {
  const example = "name one address of this host that the others reach, for instance --listen 192.168.1.20";
  if (typed === "0.0.0.0" || typed === "::" || typed === "*")
    throw new Complaint(`--listen ${typed} names no address that Kafka could tell its clients: ${example}`);
  if (typed === "localhost" || /^127\./.test(typed))
    throw new Complaint(`--listen ${typed} is loopback, where the servers listen anyway: ${example}`);
  if (isIPv4(typed) || /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/i.test(typed)) return typed;
  throw new Complaint(`--listen ${typed} is neither an IPv4 address nor a host's name: ${example}`);
}

/** Opens a door to every server among `specs`. Throws a Complaint when the address or a port cannot be had. */
export async function openDoors(address: string, specs: readonly ServiceSpec[]): Promise<Door[]> {
  const doors: Door[] = [];
  try {
    for (const { name, role, port } of specs)
      if (servers.includes(role) && port !== null) {
        const proxy = await openTcpProxy({ port, listen: port, listenHost: address });
        doors.push({ to: name, role, at: `${address}:${port}`, proxy });
      }
    return doors;
  } catch (error) {
    await closeDoors(doors);
    if (isCode(error, "EADDRNOTAVAIL") || isCode(error, "ENOTFOUND"))
      throw new Complaint(`${address} is no address of this host: \`ip -brief address\` lists them`);
    if (isCode(error, "EADDRINUSE") || isCode(error, "EACCES"))
      throw new Complaint(
        `a port of ${address} cannot be listened on (${errorText(error)}): stop what listens there, or use --port-offset N`,
      );
    throw error;
  }
}

export async function closeDoors(doors: readonly Door[]): Promise<void> {
  await Promise.all(doors.map(({ proxy }) => proxy.close()));
}
