// The broker's view of its clients' file: read again whenever it changed, while everything runs.
import { readFileSync } from "node:fs";
import { fileVersion } from "../../../wire/process/file-version.ts";
import { errorText, type Log } from "../../../wire/process/log.ts";
import { type KnownClient, type KnownClients, parseKnownClients } from "./clients.rules.ts";

export interface ClientsFile {
  /** As the file says at this moment. */
  find(name: string): KnownClient | undefined;
  close(): void;
}

/** A revoked client is cut within this time; looking costs microseconds. */
const lookEveryMs = 250;

/**
 * `onChange` is told after the file was read again. A file that cannot be read or is wrong changes nothing and is
 * complained about once; at the beginning it throws.
 */
export function openClientsFile(path: string, onChange: () => void, log: Log): ClientsFile {
  let seen = fileVersion(path);
  let clients: KnownClients = parseKnownClients(readFileSync(path, "utf8"));
  const look = () => {
    const version = fileVersion(path);
    if (version === seen) return;
    seen = version;
    try {
      clients = parseKnownClients(readFileSync(path, "utf8"));
    } catch (error) {
      log.error(`${path}: ${errorText(error)}; the clients known before stay as they were`);
      return;
    }
    log.info(`read ${clients.size} clients again from ${path}`);
    onChange();
  };
  const timer = setInterval(look, lookEveryMs);
  timer.unref();
  return {
    find(name) {
      look();
      return clients.get(name);
    },
    close: () => clearInterval(timer),
  };
}
