// The list of certificates that an authority of ours has taken back, made with openssl; Mosquitto reads it again at
// SIGHUP and refuses who is on it.
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Authority, openssl } from "./certificates.ts";

/** As long as the authority: a list that has expired refuses everybody. */
const listDays = 3_650;

export interface RevocationList {
  /** PEM, for the server. */
  path: string;
  /** Whether the certificate in this file is on it; false when there is no file. */
  has(certPath: string): boolean;
  add(certPaths: readonly string[]): void;
}

/** The list of this authority, made when it is not there. */
export function revocationListOf({ folder, ca }: Authority): RevocationList {
  const at = (name: string) => join(folder, name);
  const [path, config, index] = [at("revoked.pem"), at("revocation.cnf"), at("revoked.txt")];
  const run = (...args: string[]) => openssl(["ca", "-config", config, ...args]);
  const publish = () => {
    run("-gencrl", "-out", `${path}.new`);
    renameSync(`${path}.new`, path);
  };
  if (!existsSync(path)) {
    if (!existsSync(index)) writeFileSync(index, "", { mode: 0o600 });
    writeFileSync(at("revoked.number"), "01\n", { mode: 0o600 });
    writeFileSync(
      config,
      [
        "[ca]",
        "default_ca = own",
        "[own]",
        `database = ${index}`,
        `crlnumber = ${at("revoked.number")}`,
        `certificate = ${ca}`,
        `private_key = ${at("ca.key")}`,
        "default_md = sha256",
        `default_crl_days = ${listDays}`,
        "",
      ].join("\n"),
    );
    publish();
  }
  /** `R`, two times, then the serial number: a line of openssl's own index. */
  const serials = () =>
    new Set(
      readFileSync(index, "utf8")
        .split("\n")
        .flatMap((line) => /^R\t\S*\t\S*\t([0-9A-F]+)\t/.exec(line)?.[1] ?? [])
        .map(serialNumber),
    );
  const serialOf = (certPath: string) =>
    serialNumber(new X509Certificate(readFileSync(certPath)).serialNumber);
  const has = (certPath: string) => existsSync(certPath) && serials().has(serialOf(certPath));
  return {
    path,
    has,
    add(certPaths) {
      for (const certPath of certPaths) if (!has(certPath)) run("-revoke", certPath);
      publish();
    },
  };
}

/** openssl and Node write leading zeros differently. */
function serialNumber(hex: string): bigint {
  return BigInt(`0x${hex}`);
}
