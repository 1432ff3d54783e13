// `ev credentials CP…`, `ev revoke CP…`, `ev rotate-credentials CP…`: who may speak to the MQTT broker of this host.
import { Complaint } from "../fleet/complaint.ts";
import type { Arguments } from "./arguments.ts";
import { askIfRunning } from "./ask.ts";
import { brokerHere, isBack, loggedOf, wasCut } from "./mqtt-broker.ts";
import { clientsMeant, clientsWithProcess, wordsOf } from "./mqtt-clients.rules.ts";
import type { Output } from "./output.ts";
import { durationText, listText } from "./text.ts";

/** A broker looks four times a second, and a client comes back within two: the rest is patience with a busy machine. */
const cutWithinMs = 8_000;
const backWithinMs = 10_000;

/** One line per client and nothing else on standard output, so that `$(ssh server npx ev credentials 11)` works. */
export async function credentials(args: Arguments, output: Output): Promise<number> {
  const startedMs = performance.now();
  wantWords(args);
  const { admission } = brokerHere(args);
  const clients = clientsMeant(args.words, admission.names());
  // Certificates for other hosts lie among those of this one.
  const here = admission.asksFor === "passwords" ? admission.heldHere(clients) : [];
  if (here.length > 0)
    throw new Complaint(
      `${listText(here)} ${here.length > 1 ? "are" : "is"} of this host's own fleet, which has made ${here.length > 1 ? "theirs" : "its"}: \`ev rotate-credentials ${wordsOf(here)}\` makes new ones`,
    );
  const lines = await admission.issue(clients);
  if (args.flags.has("--json")) {
    const issued = clients.map((client, i) => ({ client, credential: lines[i] }));
    output.line(JSON.stringify({ verb: "credentials", took_ms: took(startedMs), issued }, null, 2));
    return 0;
  }
  for (const line of lines) output.line(line);
  output.note(
    admission.asksFor === "passwords"
      ? `for ${named(clients)}; give them there as EV_MQTT_CREDENTIALS, or in a file as EV_MQTT_CREDENTIALS_FILE. What these clients had before has ended`
      : `for ${named(clients)}: copy certificate, key and ca.crt there, and name the folder as MQTT_CERT_DIR, the authority as MQTT_CA_PATH`,
  );
  return 0;
}

export async function revoke(args: Arguments, output: Output): Promise<number> {
  const startedMs = performance.now();
  const since = new Date().toISOString();
  wantWords(args);
  const { admission, places, isRunning } = brokerHere(args);
  const known = new Set(admission.names());
  const clients = clientsMeant(args.words, [...known]);
  const strangers = clients.filter((client) => !known.has(client));
  if (strangers.length > 0)
    throw new Complaint(
      `${listText(strangers)}: the broker knows nobody of that name, and lets nobody in by it`,
    );
  const waitedFor = isRunning ? await withProcess(args, clients) : [];
  await admission.revoke(clients);
  const cut = await loggedOf(waitedFor, since, cutWithinMs, wasCut(places));
  if (args.flags.has("--json")) {
    const revoked = clients.map((client) => ({ client, was_connected: cut.has(client) }));
    output.line(JSON.stringify({ verb: "revoke", took_ms: took(startedMs), revoked }, null, 2));
    return 0;
  }
  for (const client of clients)
    output.line(
      `${client}  revoked${cut.has(client) ? ", its connection cut" : ""}: refused until it has new credentials`,
    );
  output.line(`    a session that runs goes on, and what it tells waits in its journal`);
  output.line(
    `    mend   ev rotate-credentials ${wordsOf(clients)}   (on another host: ev credentials ${wordsOf(clients)})`,
  );
  output.line(`revoked ${named(clients)} in ${durationText(performance.now() - startedMs)}`);
  return 0;
}

export async function rotateCredentials(args: Arguments, output: Output): Promise<number> {
  const startedMs = performance.now();
  const since = new Date().toISOString();
  wantWords(args);
  const { admission, places, isRunning } = brokerHere(args);
  const clients = clientsMeant(args.words, admission.names());
  const here = new Set(admission.heldHere(clients));
  const elsewhere = clients.filter((client) => !here.has(client));
  if (elsewhere.length > 0)
    throw new Complaint(
      `${listText(elsewhere)}: not of this host's fleet; \`ev credentials ${wordsOf(elsewhere)}\` prints new ones for another host`,
    );
  const waitedFor = isRunning ? await withProcess(args, clients) : [];
  await admission.renew(clients);
  const back = await loggedOf(waitedFor, since, backWithinMs, isBack(places));
  if (args.flags.has("--json")) {
    const rotated = clients.map((client) => ({ client, connected: back.has(client) }));
    output.line(JSON.stringify({ verb: "rotate-credentials", took_ms: took(startedMs), rotated }, null, 2));
  } else {
    for (const client of clients) {
      const now = back.has(client)
        ? "connected with it"
        : waitedFor.includes(client)
          ? "not connected yet"
          : "its service does not run";
      output.line(`${client}  has a new ${secretName(admission.asksFor)}${isRunning ? `, ${now}` : ""}`);
    }
    output.line(`rotated ${named(clients)} in ${durationText(performance.now() - startedMs)}`);
  }
  return back.size < waitedFor.length ? 1 : 0;
}

async function withProcess(args: Arguments, clients: readonly string[]): Promise<string[]> {
  const done = await askIfRunning(args, { verb: "status" });
  return clientsWithProcess(clients, done?.services ?? []);
}

function secretName(asksFor: "passwords" | "certificates"): string {
  return asksFor === "passwords" ? "password" : "certificate";
}

function named(clients: readonly string[]): string {
  return clients.length > 6 ? `${clients.length} clients` : listText(clients);
}

function took(startedMs: number): number {
  return Math.round(performance.now() - startedMs);
}

function wantWords({ verb, words }: Arguments): void {
  if (words.length === 0)
    throw new Complaint(
      `${verb} of whom? For instance \`ev ${verb} 11\` (engine and monitor), \`ev ${verb} ev-cp-e-11\``,
    );
}
