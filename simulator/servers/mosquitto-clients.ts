// The clients that Mosquitto knows: their certificates, and the ACL that follows from which were issued
// and not taken back.
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { signalProcess } from "../fleet/process-identity.ts";
import { type Authority, authorityIn } from "./certificates.ts";
import { mosquittoAcl } from "./mosquitto-acl.ts";
import { aclPath } from "./mosquitto-conf.ts";
import { revocationListOf } from "./revocation-list.ts";
import { runningServer } from "./server-process.ts";

export const mosquittoName = "mosquitto";

/**
 * Issues the certificates that are missing and gives their holders their rights; a running Mosquitto in that folder
 * reads them at once. True when something was new.
 */
export function admitClients(dir: string, clientIds: readonly string[]): boolean {
  const authority = authorityIn(dir);
  for (const clientId of clientIds) authority.client(clientId);
  const revoked = revocationListOf(authority);
  const counting = clientNames(authority).filter((name) => !revoked.has(certOf(authority, name)));
  const text = mosquittoAcl(counting);
  const path = aclPath(dir);
  if (existsSync(path) && readFileSync(path, "utf8") === text) return false;
  // By rename: a reader sees the old rights or the new ones, never half of them.
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  haveRead(dir);
  return true;
}

/** Has a running Mosquitto read its ACL and its list of revoked certificates again. */
export function haveRead(dir: string): void {
  const running = runningServer(dir, mosquittoName);
  if (running) signalProcess(running.pid, "SIGHUP");
}

/** Who was ever issued a certificate. */
export function clientNames(authority: Authority): string[] {
  return readdirSync(clientsFolder(authority)).flatMap((file) => /^(.*)\.crt$/.exec(file)?.[1] ?? []);
}

export function certOf(authority: Authority, name: string): string {
  return join(clientsFolder(authority), `${name}.crt`);
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
