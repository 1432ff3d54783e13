// The clients that the local broker knows: one line each, with a salted hash of its password. Pure.
//
// A password is 256 bits of chance, so one round of SHA-256 is as good as a slow hash: there is nothing to guess, and
// a thousand devices that connect at once cost the broker milliseconds. A password that a person chose has no place
// here.
import { createHash, timingSafeEqual } from "node:crypto";

export type KnownClient =
  | { is: "admitted"; salt: string; hash: string }
  /** Its password ended; kept, so that nothing gives it a new one by itself. */
  | { is: "revoked"; at: string };

export type KnownClients = ReadonlyMap<string, KnownClient>;

/** `salt` is random, some 16 bytes as text without `:`. */
export function admitted(password: string, salt: string): KnownClient {
  return { is: "admitted", salt, hash: hashOf(password, salt) };
}

/** Takes the same time whatever the password is. */
export function isPasswordOf(client: KnownClient | undefined, password: string): boolean {
  if (client?.is !== "admitted") return false;
  const hash = Buffer.from(client.hash, "base64url");
  const given = Buffer.from(hashOf(password, client.salt), "base64url");
  return hash.length === given.length && timingSafeEqual(hash, given);
}

/** Whether a connection that was let in as `then` may stay. */
export function isStillAdmitted(then: KnownClient, now: KnownClient | undefined): boolean {
  return then.is === "admitted" && now?.is === "admitted" && then.hash === now.hash && then.salt === now.salt;
}

const heading = "# name:salt:hash of its password; made by `ev`, read by the broker while it runs";

export function knownClientsText(clients: KnownClients): string {
  const lines = [...clients].map(([name, client]) =>
    client.is === "admitted" ? `${name}:${client.salt}:${client.hash}` : `${name}:revoked at ${client.at}`,
  );
  return `${[heading, ...lines].join("\n")}\n`;
}

/** Throws an Error that names the line that is none. */
export function parseKnownClients(text: string): KnownClients {
  const clients = new Map<string, KnownClient>();
  for (const [i, line] of text.split("\n").entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const [, name = "", at, salt = "", hash = ""] =
      /^([A-Za-z0-9-]{1,64}):(?:revoked at (\S+)|([\w-]{16,64}):([\w-]{43}))$/.exec(line) ?? [];
    if (name === "" || clients.has(name)) throw new Error(`line ${i + 1} is none of a client of its own`);
    clients.set(name, at === undefined ? { is: "admitted", salt, hash } : { is: "revoked", at });
  }
  return clients;
}

function hashOf(password: string, salt: string): string {
  return createHash("sha256").update(`${salt}:${password}`).digest("base64url");
}
