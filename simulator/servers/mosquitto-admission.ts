// Taking back and renewing the certificates of Mosquitto's clients while it runs.
//
// 1. The list of revoked certificates is published first: from then on nobody can connect by them.
// 2. Mosquitto asks nobody who is connected for his certificate again. Whoever comes by the same name takes the
//    connection over, and that is how it is cut: by a certificate that exists for this moment only.
// 3. Then the name's rights go, too: a TLS session that was kept from before would be resumed without a look at
//    certificates.
import { copyFileSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openLink } from "../../wire/mqtt/index.ts";
import { silentLog } from "../../wire/process/log.ts";
import type { MqttAdmission } from "../fleet/mqtt-admission.ts";
import { type Authority, authorityIn } from "./certificates.ts";
import { admitClients, certOf, clientNames, clientsFolder, haveRead } from "./mosquitto-clients.ts";
import { revocationListOf } from "./revocation-list.ts";

const takeOverWithinMs = 5_000;

/** Of the Mosquitto whose authority lies in `folder`; `url` where it runs, undefined when it does not. */
export function certificateAdmission(folder: string, url: string | undefined): MqttAdmission {
  const authority = authorityIn(folder);
  const list = revocationListOf(authority);
  const end = async (names: readonly string[], certPaths: readonly string[]) => {
    list.add(certPaths.filter((path) => existsSync(path)));
    haveRead(folder);
    if (url !== undefined) for (const name of names) await takeOver(authority, name, url);
  };
  const renew = async (names: readonly string[]) => {
    const before = names.map((name) => {
      const kept = join(folder, `${name}.before.crt`);
      if (existsSync(certOf(authority, name))) copyFileSync(certOf(authority, name), kept);
      authority.anotherFor(name);
      return kept;
    });
    admitClients(folder, []);
    await end(names, before);
    for (const kept of before) rmSync(kept, { force: true });
  };
  return {
    asksFor: "certificates",
    names: () => clientNames(authority),
    heldHere: (names) => names.filter((name) => existsSync(certOf(authority, name))),
    async revoke(names) {
      await end(
        names,
        names.map((name) => certOf(authority, name)),
      );
      admitClients(folder, []);
    },
    renew,
    async issue(names) {
      await renew(names);
      return names.map((name) => `${join(clientsFolder(authority), name)}.crt and .key`);
    },
  };
}

/** Connects by that name and leaves: whoever was connected by it is cut, and its will is told. */
async function takeOver(authority: Authority, name: string, url: string): Promise<void> {
  const pair = authority.anotherFor(name, "taking-over");
  const { promise, resolve } = Promise.withResolvers<void>();
  const link = openLink(
    { url, tls: { ca: authority.ca, ...pair }, clientId: name, cleanSession: true, keepaliveS: 10 },
    [],
    { up: () => resolve(), down: () => {}, message: () => {} },
    silentLog,
  );
  const patience = setTimeout(resolve, takeOverWithinMs);
  await promise;
  clearTimeout(patience);
  await link.close();
  for (const path of [pair.key, pair.cert]) rmSync(path, { force: true });
}
