// What is hidden from a log, and what is not.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openLog } from "../../../wire/process/log.ts";
import { isSecretName, redact } from "../../../wire/process/redact.rules.ts";

const token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJvcGVyYXRvciJ9.c2lnbmF0dXJlLWNhbmFyeQ";

it.each([
  [`GET /cp?token=${token}`, "GET /cp?token=[hidden]"],
  [
    `refused "Authorization: Bearer ${token}" of 127.0.0.1`,
    'refused "Authorization: Bearer [hidden]" of 127.0.0.1',
  ],
  ["authorization: Basic dXNlcjpwYXNzd29yZA==", "authorization: Basic [hidden]"],
  [
    "connecting to mqtts://CP-001-engine:hunter2canary@broker:8883",
    "connecting to mqtts://[hidden]@broker:8883",
  ],
  ['{"password":"hunter2canary","user":"x"}', '{"password":"[hidden]","user":"x"}'],
  ["MQTT_PASSWORD=hunter2canary, MQTT_URL=mqtt://h:1", "MQTT_PASSWORD=[hidden], MQTT_URL=mqtt://h:1"],
  ["key -----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY----- read", "key [hidden] read"],
  [`Error: invalid token ${token}\n    at verify`, "Error: invalid token [hidden]\n    at verify"],
])("hides a secret: %s", (line, shown) => {
  expect(redact(line)).toBe(shown);
  expect(redact(shown)).toBe(shown);
});

it.each([
  "started successfully, http://127.0.0.1:8000",
  "CP-001 Broken since 2026-05-03T12:00:00.000Z: no answer",
  "calls refused, RATE_START=1:10: driver driver-alice",
  "token key /var/lib/ev/token.key holds no key of 64 hex digits",
  "sqlite:/tmp/x.db at 2026-05-03T12:00:00Z",
])("leaves alone: %s", (line) => expect(redact(line)).toBe(line));

it("stands in every log", () => {
  const lines: string[] = [];
  openLog("Central", (line) => lines.push(line)).warn(`no such driver: Bearer ${token}`);
  expect(lines[0]).toMatch(/ WARN Central \| no such driver: Bearer \[hidden\]\n$/);
});

it("stands before what is said of a wrong configuration", () => {
  const at = join(import.meta.dirname, "../../../wire/process/environment.ts");
  const script = `import * as z from "zod"; import { readEnvironment } from ${JSON.stringify(at)};
    readEnvironment(z.object({ TOKEN_KEY: z.string().min(64), MQTT_URL: z.url({ protocol: /^mqtts$/ }) }));`;
  const { stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    env: { TOKEN_KEY: "too-short-a-canary", MQTT_URL: "mqtt://me:canary@host" },
    encoding: "utf8",
  });
  expect(status).toBe(78);
  expect(stderr).toContain("TOKEN_KEY=[hidden]");
  expect(stderr).toContain("MQTT_URL=mqtt://[hidden]@host");
  expect(stderr).not.toContain("canary");
});

it("knows by their names which settings are secret", () => {
  expect(["TOKEN_KEY", "MQTT_PASSWORD", "CLIENT_SECRET", "EV_TOKEN"].every(isSecretName)).toBe(true);
  expect(["TOKEN_KEY_PATH", "MQTT_URL", "HTTP_PORT", "TABLE_URL"].some(isSecretName)).toBe(false);
});
