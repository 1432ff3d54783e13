// Mosquitto on loopback, with TLS, a certificate per client and an ACL made from the issued ones: what a device meets
// on premises.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { openLink } from "../../wire/mqtt/index.ts";
import type { LinkOptions } from "../../wire/mqtt/port.ts";
import { silentLog } from "../../wire/process/log.ts";
import { maxPacketBytes } from "../brokers/mqtt/broker.ts";
import { authorityIn } from "./certificates.ts";
import { unpackedPackage } from "./debian.ts";
import type { Say } from "./maven.ts";
import { admitClients, clientsFolder, mosquittoName, tlsOf } from "./mosquitto-clients.ts";
import { mosquittoConf } from "./mosquitto-conf.ts";
import { freePorts } from "./ports.ts";
import { revocationListOf } from "./revocation-list.ts";
import { endServer, runningServer, startServer, whenReady } from "./server-process.ts";
import { runTool } from "./tool.ts";

export interface MosquittoOptions {
  /** Certificates, ACL, configuration, log and kept sessions. */
  dir: string;
  /** Default: any free one. */
  port?: number;
  /** It outlives this process; default false. */
  lasting?: boolean;
  say?: Say;
}

export interface Mosquitto {
  url: string;
  /** Folder of the clients' certificates: `<client id>.crt` and `.key`. */
  certDir: string;
  ca: string;
  pid(): number | undefined;
  /** What a link of this client needs; its certificate is issued and its rights are granted when they are not yet. */
  reach(clientId: string): Promise<Required<Pick<LinkOptions, "url" | "tls">>>;
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const healthClient = "bridge-health-check";
const readyWithinMs = 20_000;

const toInstall = "apt-get install mosquitto";

/** Certificates, rights and configuration, and what runs it in the foreground. Throws a Complaint. */
export async function prepareMosquitto(
  options: Required<Pick<MosquittoOptions, "dir" | "port" | "say">>,
): Promise<{ program: string; args: string[]; env: Record<string, string>; toInstall: string; url: string }> {
  const { dir, port } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const program = await mosquittoProgram(options.say);
  const authority = authorityIn(dir);
  admitClients(dir, [healthClient]);
  const { cert, key } = authority.server();
  const conf = join(dir, "mosquitto.conf");
  const user = userInfo().username;
  const { path: revoked } = revocationListOf(authority);
  writeFileSync(
    conf,
    mosquittoConf({ port, folder: dir, ca: authority.ca, cert, key, revoked, maxPacketBytes, user }),
  );
  return { ...program, args: ["-c", conf], toInstall, url: `mqtts://localhost:${port}` };
}

/** Starts it and resolves when a client with a certificate is let in. Throws a Complaint that says what to do. */
export async function startMosquitto(options: MosquittoOptions): Promise<Mosquitto> {
  const { lasting = false, say = () => {} } = options;
  const dir = resolve(options.dir);
  const port = options.port ?? (await freePorts(1))[0] ?? 0;
  const { url, ...command } = await prepareMosquitto({ dir, port, say });
  const authority = authorityIn(dir);
  const place = { folder: dir, name: mosquittoName };

  const start = async () => {
    const identity = await startServer({ ...place, ...command, lasting });
    const server = { ...place, title: "Mosquitto", identity };
    await whenReady(server, () => letsIn(dir, url), readyWithinMs);
  };
  await start();
  return {
    url,
    certDir: clientsFolder(authority),
    ca: authority.ca,
    pid: () => runningServer(dir, mosquittoName)?.pid,
    async reach(clientId) {
      admitClients(dir, [clientId]);
      return { url, tls: tlsOf(authority, clientId) };
    },
    kill: () => endServer(place, "SIGKILL"),
    start,
    stop: () => endServer(place, "SIGTERM"),
  };
}

/** True when the broker lets a client with a certificate connect. */
export async function letsIn(dir: string, url: string): Promise<boolean> {
  const up = Promise.withResolvers<boolean>();
  const link = openLink(
    {
      url,
      tls: tlsOf(authorityIn(dir), healthClient),
      clientId: healthClient,
      cleanSession: true,
      keepaliveS: 10,
    },
    [],
    { up: () => up.resolve(true), down: () => {}, message: () => {} },
    // The first reason is the answer: the link itself would try for ever.
    { ...silentLog, warn: () => up.resolve(false) },
  );
  const isUp = await up.promise;
  await link.close();
  return isUp;
}

/** "2.0.11": what the program says of itself. */
export async function mosquittoVersion(): Promise<string> {
  const { program, env } = await mosquittoProgram(() => {});
  const ran = await runTool({
    program,
    args: ["-h"],
    env,
    withinMs: 5_000,
    toInstall,
  });
  return /version (\S+)/.exec(ran.output)?.[1] ?? "unknown";
}

/** The one that is installed, else Debian's, unpacked into the cache. */
async function mosquittoProgram(say: Say): Promise<{ program: string; env: Record<string, string> }> {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  const installed = folders.map((folder) => join(folder, "mosquitto")).find((path) => existsSync(path));
  if (installed !== undefined) return { program: installed, env: {} };
  const root = await unpackedPackage("mosquitto", say);
  const libraries = join(root, "usr", "lib");
  const under = readdirSync(libraries, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const paths = [libraries, ...under.map((entry) => join(libraries, entry.name))];
  return { program: join(root, "usr/sbin/mosquitto"), env: { LD_LIBRARY_PATH: paths.join(delimiter) } };
}
