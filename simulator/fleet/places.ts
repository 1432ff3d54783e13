// Where a fleet keeps its things: one state directory, and a short directory for sockets when that one is long.
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export interface Places {
  /** Everything below is in it, except sockets under a long path. */
  state: string;
  /** Editable files, one per charge point and driver. */
  fleet: string;
  /** One log per service. */
  logs: string;
  /** What only a running fleet needs: lock, process files, terminals, tokens. */
  run: string;
  /** What services keep across restarts. */
  data: string;
  keys: string;
  sockets: string;
  lock: string;
  controlSocket: string;
  tokenKey: string;
  /** Who the fleet's own MQTT broker lets in, by the hashes of their passwords. */
  mqttClients: string;
  /** A file per service with the passwords of its MQTT clients. */
  mqttPasswords: string;
}

/** A socket's path ends at 107 bytes (sun_path); the longest name in `sockets` is an id and its suffix. */
const longestSocketPathBytes = 107;
const longestSocketNameBytes = 48;

/** The layout under `stateDir`; computed alone, so that the CLI finds a running fleet. */
export function placesOf(stateDir: string, temporary: string = tmpdir()): Places {
  const state = resolve(stateDir);
  const run = join(state, "run");
  const fits = Buffer.byteLength(run) + 1 + longestSocketNameBytes <= longestSocketPathBytes;
  const hash = createHash("sha256").update(state).digest("hex").slice(0, 12);
  const sockets = fits ? run : join(temporary, `ev-${process.getuid?.() ?? 0}-${hash}`);
  return {
    state,
    fleet: join(state, "fleet"),
    logs: join(state, "logs"),
    run,
    data: join(state, "data"),
    keys: join(state, "keys"),
    sockets,
    lock: join(run, "supervisor.json"),
    controlSocket: join(sockets, "supervisor.sock"),
    tokenKey: join(state, "keys", "api-token.key"),
    mqttClients: join(state, "keys", "mqtt-clients"),
    mqttPasswords: join(state, "keys", "mqtt"),
  };
}

/** Makes the directories. Keys, tokens and sockets are for this user alone. */
export function makePlaces(places: Places): void {
  for (const dir of [places.state, places.fleet, places.logs, places.data])
    mkdirSync(dir, { recursive: true });
  for (const dir of [places.run, places.keys, places.sockets])
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  const made = lstatSync(places.sockets);
  // The temporary directory is everybody's: a directory that somebody else put there must not hold our sockets.
  if (!made.isDirectory() || made.uid !== (process.getuid?.() ?? made.uid))
    throw new Error(`${places.sockets} belongs to somebody else: remove it, or choose a shorter --state`);
}
