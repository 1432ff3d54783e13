// The byte stream below an MQTT connection: TCP, or TLS with the server's certificate always verified.
//
// mqtt.js would open it itself, and load WebSocket, proxy and HTTP code for that: 14 MB that no device needs.
import { readFileSync } from "node:fs";
import { connect, isIP, type Socket } from "node:net";
import type { LinkOptions } from "./port.ts";

/** Begins to connect; throws when TLS material cannot be read or used. */
export function openStream({ url, tls, gatherMs }: LinkOptions): Socket {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  // Reading stops as soon as nobody takes what was read.
  const reading = gatherMs === undefined ? {} : { readableHighWaterMark: 1 };
  if (protocol === "mqtt:") return connect({ host, port: Number(port) || 1_883, noDelay: true, ...reading });
  // Loaded only where it is used: 5 MB.
  return process.getBuiltinModule("node:tls").connect({
    host,
    port: Number(port) || 8_883,
    rejectUnauthorized: true,
    ...(isIP(host) === 0 && { servername: host }),
    ...(tls?.ca !== undefined && { ca: readFileSync(tls.ca) }),
    ...(tls?.cert !== undefined && { cert: readFileSync(tls.cert) }),
    ...(tls?.key !== undefined && { key: readFileSync(tls.key) }),
  });
}

/** Host and port for log lines (a URL may carry a password). Throws at what can never work. */
export function brokerName({ url, tls }: LinkOptions): string {
  const { protocol, host } = new URL(url);
  if (protocol !== "mqtt:" && protocol !== "mqtts:")
    throw new Error(`an MQTT URL starts with mqtt:// or mqtts://, not ${protocol}//`);
  if (tls && protocol === "mqtt:") throw new Error("TLS material needs an mqtts:// URL");
  return host;
}
