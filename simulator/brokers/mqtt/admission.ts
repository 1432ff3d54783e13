// Lets clients into the local broker by name and password, and cuts those whose password has ended.
//
// 1. The user name is the client id: an identity has one name, and takes over only its own connection.
// 2. A refusal is decided before anything of the client takes effect: session, subscriptions, will, takeover.
// 3. Without passwords (`open`) names alone count; only somebody's explicit word makes it so.
import type { AuthenticateError, Client } from "aedes";
import type { Log } from "../../../wire/process/log.ts";
import { isPasswordOf, isStillAdmitted, type KnownClient } from "./clients.rules.ts";
import { type ClientsFile, openClientsFile } from "./clients-file.ts";
import { refusal } from "./rules.ts";

/** Nobody is asked for a password, or those are asked whose hashes lie in this file. */
export type Access = { open: true } | { open: false; clientsPath: string };

export interface Admission {
  readonly open: boolean;
  /** Undefined when it may come in. */
  refusalOf(client: Client, given: Given): AuthenticateError | undefined;
  close(): void;
}

export interface Given {
  clientId: string;
  username: string | undefined;
  password: string | undefined;
  willTopic: string | undefined;
}

const badPassword = 4;
const notAuthorized = 5;

/** `connected` gives those that are in. Throws when the file cannot be read. */
export function openAdmission(access: Access, connected: () => Iterable<Client>, log: Log): Admission {
  const cameAs = new WeakMap<Client, KnownClient>();
  const file: ClientsFile | undefined = access.open
    ? undefined
    : openClientsFile(access.clientsPath, () => cutEnded(), log);
  const cutEnded = () => {
    for (const client of connected()) {
      const then = cameAs.get(client);
      if (!then || isStillAdmitted(then, file?.find(client.id))) continue;
      log.warn(`${client.id}: its password has ended: cut`);
      client.close();
    }
  };
  return {
    open: access.open,
    refusalOf(client, { clientId, username, password, willTopic }) {
      const why = refusal(clientId, willTopic, access.open);
      if (why) return refused(why, notAuthorized);
      if (!file) return undefined;
      const known = file.find(clientId);
      if (password === undefined) return refused("no password was given", badPassword);
      if (username !== clientId) return refused("its user name is not its client id", notAuthorized);
      if (known === undefined) return refused("not known here", badPassword);
      if (known.is === "revoked") return refused(`revoked at ${known.at}`, notAuthorized);
      if (!isPasswordOf(known, password)) return refused("wrong password", badPassword);
      cameAs.set(client, known);
      return undefined;
    },
    close: () => file?.close(),
  };
}

function refused(why: string, returnCode: AuthenticateError["returnCode"]): AuthenticateError {
  return Object.assign(new Error(`not let in: ${why}`), { returnCode });
}
