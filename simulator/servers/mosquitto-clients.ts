// The clients that Mosquitto knows: their certificates, and the ACL that follows from which were issued.
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { signalProcess } from "../fleet/process-identity.ts";
import { type Authority, authorityIn } from "./certificates.ts";
import { mosquittoAcl } from "./mosquitto-acl.ts";
import { aclPath } from "./mosquitto-conf.ts";
import { runningServer } from "./server-process.ts";

export const mosquittoName = "mosquitto";

/**
 * Issues the certificates that are missing and gives their holders their rights; a running Mosquitto in that folder
 * reads them at once. True when something was new.
 */
export function admitClients(dir: string, clientIds: readonly string[]): boolean {
  const authority = authorityIn(dir);
  for (const clientId of clientIds) authority.client(clientId);
  const issued = readdirSync(clientsFolder(authority)).flatMap((file) => /^(.*)\.crt$/.exec(file)?.[1] ?? []);
  const text = mosquittoAcl(issued);
  const path = aclPath(dir);
  if (existsSync(path) && readFileSync(path, "utf8") === text) return false;
  // By rename: a reader sees the old rights or the new ones, never half of them.
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  const running = runningServer(dir, mosquittoName);
  if (running) signalProcess(running.pid, "SIGHUP");
  return true;
}

/** The folder that holds authority and ACL for this folder of client certificates; undefined when it is none of ours. */
export function authorityOf(certDir: string): string | undefined {
  const dir = dirname(resolve(certDir));
  return existsSync(join(dir, "ca.key")) && existsSync(aclPath(dir)) ? dir : undefined;
}

/** What a link of this client needs; its certificate is issued when it is not there. */
export function tlsOf(authority: Authority, clientId: string): { ca: string; cert: string; key: string } {
  return { ca: authority.ca, ...authority.client(clientId) };
}

export function clientsFolder(authority: Authority): string {
  return join(authority.folder, "clients");
}
