// Mosquitto's configuration for one machine: TLS with client certificates, and the limits of the local broker. Pure.
import { join } from "node:path";

export interface MosquittoSettings {
  port: number;
  /** Absolute paths. */
  folder: string;
  ca: string;
  cert: string;
  key: string;
  /** Certificates that count no more. */
  revoked: string;
  /** Greatest control packet after its header, bytes. */
  maxPacketBytes: number;
  /** The user to run as, for who starts it as root. */
  user: string;
}

export function mosquittoConf(settings: MosquittoSettings): string {
  return [
    `listener ${settings.port} 127.0.0.1`,
    `cafile ${settings.ca}`,
    `certfile ${settings.cert}`,
    `keyfile ${settings.key}`,
    `crlfile ${settings.revoked}`,
    "tls_version tlsv1.2",
    "require_certificate true",
    // The certificate says who it is; what a client calls itself is replaced by that, so that nobody can take over
    // another's session.
    "use_identity_as_username true",
    "use_username_as_clientid true",
    "allow_anonymous false",
    `acl_file ${aclPath(settings.folder)}`,
    `max_packet_size ${settings.maxPacketBytes}`,
    // What an absent or slow client may leave in memory: its outbox sends again.
    "max_queued_messages 10000",
    "max_inflight_messages 100",
    "set_tcp_nodelay true",
    `persistence true`,
    `persistence_location ${settings.folder}/`,
    "autosave_interval 60",
    `user ${settings.user}`,
    "log_type error",
    "log_type warning",
    "log_type notice",
    "log_timestamp_format %Y-%m-%dT%H:%M:%S",
    "",
  ].join("\n");
}

export function aclPath(folder: string): string {
  return join(folder, "acl");
}
