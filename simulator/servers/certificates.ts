// Certificates for servers on this machine and their clients, made with openssl when they are first wanted. The
// authority's key lies beside them: this is for one machine, not for a company.
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Complaint } from "../fleet/complaint.ts";
import { isCode } from "../fleet/process-identity.ts";

export interface KeyPair {
  cert: string;
  key: string;
}

export interface Authority {
  folder: string;
  ca: string;
  /** For the hosts by which this machine calls itself: localhost, 127.0.0.1, ::1. */
  server(): KeyPair;
  /** For a client whom the certificate calls by this name. */
  client(name: string): KeyPair;
  /** Another one for that client; with `as`, in that file of the authority's folder instead of its own. */
  anotherFor(name: string, as?: string): KeyPair;
}

const serverDays = 825;
const authorityDays = 3_650;
/** X.509's ub-common-name. */
const longestName = 64;

const clientExtensions = ["basicConstraints=critical,CA:FALSE", "extendedKeyUsage=clientAuth"];

/** The authority in this folder, made when it is not there. Throws a Complaint without openssl. */
export function authorityIn(folder: string): Authority {
  mkdirSync(join(folder, "clients"), { recursive: true, mode: 0o700 });
  const config = join(folder, "openssl.cnf");
  // Without a file of our own, openssl adds what the system's says, such as CA:TRUE on everything.
  if (!existsSync(config)) writeFileSync(config, "[req]\ndistinguished_name = name\n[name]\n");
  const at = (name: string): KeyPair => ({
    cert: join(folder, `${name}.crt`),
    key: join(folder, `${name}.key`),
  });
  const own = at("ca");

  const make = (
    pair: KeyPair,
    name: string,
    days: number,
    signed: boolean,
    extensions: string[],
  ): KeyPair => {
    if (existsSync(pair.cert) && existsSync(pair.key)) return pair;
    return issue(pair, name, days, signed, extensions);
  };
  const issue: typeof make = (pair, name, days, signed, extensions) => {
    const fresh = { cert: `${pair.cert}.new`, key: `${pair.key}.new` };
    openssl([
      ...["req", "-x509", "-config", config, "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
      ...["-nodes", "-keyout", fresh.key, "-out", fresh.cert, "-days", String(days), "-subj", `/CN=${name}`],
      ...(signed ? ["-CA", own.cert, "-CAkey", own.key] : []),
      ...extensions.flatMap((extension) => ["-addext", extension]),
    ]);
    chmodSync(fresh.key, 0o600);
    renameSync(fresh.key, pair.key);
    renameSync(fresh.cert, pair.cert);
    return pair;
  };
  make(own, "EV charging on this machine", authorityDays, false, [
    "basicConstraints=critical,CA:TRUE",
    "keyUsage=critical,keyCertSign,cRLSign",
    "subjectKeyIdentifier=hash",
  ]);
  return {
    folder,
    ca: own.cert,
    server: () =>
      make(at("server"), "localhost", serverDays, true, [
        "basicConstraints=critical,CA:FALSE",
        "extendedKeyUsage=serverAuth",
        "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1",
      ]),
    client: (name) => make(at(join("clients", named(name))), name, serverDays, true, clientExtensions),
    anotherFor: (name, as = join("clients", name)) =>
      issue(at(as), named(name), serverDays, true, clientExtensions),
  };
}

function named(name: string): string {
  if (name.length > longestName || !/^[A-Za-z0-9-]+$/.test(name))
    throw new RangeError(`no name for a certificate: ${name}`);
  return name;
}

/** Throws what openssl says, or a Complaint where there is none. */
export function openssl(args: string[]): void {
  try {
    execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
  } catch (error) {
    if (isCode(error, "ENOENT"))
      throw new Complaint(
        "openssl is not installed: apt-get install openssl, then run the same command again",
      );
    throw error;
  }
}
