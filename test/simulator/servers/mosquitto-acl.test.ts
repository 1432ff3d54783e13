// Who may do what at Mosquitto, from the names in the certificates.
import { expect, test } from "vitest";
import { mosquittoAcl } from "../../../simulator/servers/mosquitto-acl.ts";
import { mosquittoConf } from "../../../simulator/servers/mosquitto-conf.ts";

test("a name that has no rights gets no user", () => {
  expect(mosquittoAcl(["", "someone", "CP-#-engine"])).not.toContain("user");
});

test("the file names every holder once, in one order, and grants nothing before the first of them", () => {
  const text = mosquittoAcl(["CP-002-monitor", "bridge-all", "CP-001-engine", "CP-001-engine"]);
  expect(text).toBe(mosquittoAcl(["CP-001-engine", "bridge-all", "CP-002-monitor"]));
  expect(text.match(/^user .*/gm)).toEqual(["user CP-001-engine", "user CP-002-monitor", "user bridge-all"]);
  expect(text.split("user ")[0]).not.toContain("topic");
  expect(text).not.toMatch(/^pattern/m);
  expect(text).not.toMatch(/topic (read|write) .*#/);
});

test("who watches hears every topic and may write to none", () => {
  const text = mosquittoAcl(["watch-audit"]);
  expect(text).toContain("topic read ev/v1/+/+/acks");
  expect(text).not.toContain("topic write");
  expect(mosquittoAcl(["watch-", "watch-#", "a-watch-b"])).not.toContain("user");
});

test("the broker takes only TLS 1.2 and later, asks for certificates, and lets nobody in without", () => {
  const conf = mosquittoConf({
    port: 8_883,
    folder: "/srv/m",
    ca: "/srv/m/ca.crt",
    cert: "/srv/m/server.crt",
    key: "/srv/m/server.key",
    revoked: "/srv/m/revoked.pem",
    maxPacketBytes: 17_408,
    user: "ev",
  });
  for (const line of [
    "listener 8883 127.0.0.1",
    "tls_version tlsv1.2",
    "require_certificate true",
    "use_identity_as_username true",
    "allow_anonymous false",
    "acl_file /srv/m/acl",
    "crlfile /srv/m/revoked.pem",
    "max_packet_size 17408",
  ])
    expect(conf.split("\n")).toContain(line);
});
