// Every secret of a fleet is a canary: after a small story with mishaps none of them is found in a log, a table, a topic,
// a journal, an answer, a page, an export or a process's command line.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { connectAsync } from "mqtt";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Access, access } from "../../central-fn/api/access.ts";
import { openTokens } from "../../central-fn/api/tokens.ts";
import { openChargerControl } from "../../simulator/charger/control.ts";
import { eventually, LiveFleet } from "../support/live-fleet.ts";

const root = join(import.meta.dirname, "../..");
const fleet = new LiveFleet(12_200);
const driver = "driver-alice";
/** Of a person: in no public answer, and in no log but that of his own phone. */
const plate = "PLATE-CANARY-77";
const wrongPassword = "a-wrong-password-canary";
/** An identity provider that is not there. */
const issuer = "http://127.0.0.1:1";
let operatorToken = "";
/** By where each lies, so that a find can be told without telling it. */
const canaries = new Map<string, string>();
/** Whatever left a process: by its name. */
const told = new Map<string, string>();
let sid = "";

beforeAll(async () => {
  process.env.LOG_LEVEL = "debug";
  process.env.OIDC_ISSUER = issuer;
  fleet.write((files) => {
    files.cps = files.cps.slice(0, 1).map((cp) => ({ ...cp, cars: "none" as const }));
    files.drivers = files.drivers
      .filter(({ driver_id }) => driver_id === driver)
      .map((file) => ({
        ...file,
        loop: false,
        requests: [{ cp_id: "CP-001", vehicle_id: plate, limit: { energy_kwh: 0.02 } }],
      }));
  });
  await fleet.up();
  operatorToken = await openTokens(fleet.places.tokenKey).sign({
    sub: "operator",
    role: "operator",
    expiresInS: 600,
  });
});
afterAll(async () => {
  delete process.env.LOG_LEVEL;
  delete process.env.OIDC_ISSUER;
  await fleet.down();
  fleet.remove();
});

const central = () => `http://127.0.0.1:${fleet.port(8000)}`;
const driverToken = () =>
  openTokens(fleet.places.tokenKey).sign({ sub: driver, role: "driver", expiresInS: 600 });

async function call(
  name: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string,
) {
  const answer = await fetch(central() + path, { method, headers, ...(body !== undefined && { body }) });
  const isStream = answer.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  const text = isStream ? await firstOf(answer) : await answer.text();
  told.set(name, `${answer.status} ${JSON.stringify([...answer.headers])} ${text}`);
  return text;
}

/** What a stream begins with. */
async function firstOf(answer: Response): Promise<string> {
  const reader = answer.body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  return Buffer.from(first?.value ?? new Uint8Array()).toString();
}

function filesUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
}

/** Every line, and every part of one, that is long enough to be a secret. */
function secretsIn(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => !line.startsWith("-----"))
    .flatMap((line) => [line.trim(), ...line.split(/[\s:"',]+/)])
    .filter((part) => part.length >= 20);
}

test("a session is charged and billed, and much goes wrong beside it", async () => {
  const box = await openChargerControl(`${fleet.places.sockets}/CP-001.box.sock`);
  await box.plug({ needWh: 100_000 });
  const bill = await eventually("the bill", () => fleet.cdrs[0], 90_000);
  sid = bill.sid;
  await box.unplug();
  box.close();
  // Servers die: whoever speaks to them says so, with their addresses.
  await fleet.ev("kill", "ev-mqtt");
  await fleet.ev("kill", "ev-kafka");
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  await fleet.ev("start", "ev-kafka");
  await fleet.ev("start", "ev-mqtt");
  await fleet.ev("restart", "ev-central");
  await eventually(
    "CP-001 On again",
    async () => (await fleet.cps().catch(() => undefined))?.charging_points[0]?.state === "ON" || undefined,
    90_000,
  );
  // Secrets in the wrong places.
  const token = await driverToken();
  canaries.set("a driver's token", token);
  canaries.set("an operator's token", operatorToken);
  const authorization = `Bearer ${token}`;
  await call("token in a query", "GET", `/cp?token=${operatorToken}`, {});
  await call("token in a path", "GET", `/cp/${operatorToken}`, {});
  await call("token nowhere", "GET", `/${operatorToken}`, {});
  await call("token in a wrong scheme", "GET", "/cdrs", { authorization: `Basic ${operatorToken}` });
  await call("token that is cut", "GET", "/cdrs", { authorization: `Bearer ${operatorToken}x` });
  await call("token in a body", "POST", `/drivers/${driver}/requests`, { authorization }, operatorToken);
  const odd = JSON.stringify({ cp_id: operatorToken, [operatorToken]: 1 });
  await call("token as a value", "POST", `/drivers/${driver}/requests`, { authorization }, odd);
  await call("token as a key", "POST", `/drivers/${driver}/requests`, {
    authorization,
    "idempotency-key": `${operatorToken}\t`,
  });
  const foreign = [
    { alg: "ES256", kid: "1" },
    { iss: issuer, sub: driver, role: "driver" },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  canaries.set("a provider's token", foreign);
  const away = await call("token of a provider that is away", "GET", "/cdrs", {
    authorization: `Bearer ${foreign}.c2lnbmVk`,
  });
  expect(away).toContain("identity provider");
  const url = `mqtt://127.0.0.1:${fleet.port(1883)}`;
  canaries.set("a wrong password", wrongPassword);
  await expect(
    connectAsync(url, {
      clientId: "CP-001-engine",
      username: "CP-001-engine",
      password: wrongPassword,
      reconnectPeriod: 0,
    }),
  ).rejects.toThrow();
});

/** What a process says, until it ends or two seconds after its first word. */
async function saidBy(main: string, env: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", join(root, main)], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (text) => {
      said += text;
    });
  const over = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  try {
    await eventually(`a word of ${main}`, () => said !== "" || undefined, 40_000);
    await Promise.race([over, new Promise((resolve) => setTimeout(resolve, 2_000))]);
  } finally {
    child.kill("SIGKILL");
    await over;
  }
  return said;
}

test("a process that is given a bad secret, or one within an address, does not tell it", async () => {
  const key = "canary-of-a-token-key-that-is-none";
  canaries.set("a bad TOKEN_KEY", key);
  const keyPath = join(fleet.state, "bad.key");
  writeFileSync(keyPath, key);
  const password = "canary-of-a-url-password";
  canaries.set("a password in an address", password);
  const central = { KAFKA_BOOTSTRAP: "127.0.0.1:1", TABLE_URL: `sqlite:${join(fleet.state, "x.db")}` };
  const tlsKey = "canaryofatlskeycanaryofatlskeycanaryofatlskeycanaryofatlskey";
  canaries.set("a damaged TLS key", tlsKey);
  const tlsPath = join(fleet.state, "bad.pem");
  writeFileSync(tlsPath, `-----BEGIN PRIVATE KEY-----\n${tlsKey}\n-----END PRIVATE KEY-----\n`);
  const runs = {
    "the bridge with a damaged TLS key": saidBy("bridge/bridge-main.ts", {
      KAFKA_BOOTSTRAP: "127.0.0.1:1",
      KAFKA_CERT_PATH: tlsPath,
      KAFKA_KEY_PATH: tlsPath,
      MQTT_URL: "mqtts://127.0.0.1:1",
      MQTT_CERT_PATH: tlsPath,
      MQTT_KEY_PATH: tlsPath,
    }),
    "the API with a bad key": saidBy("central-fn/local-main.ts", {
      ...central,
      TOKEN_KEY_PATH: keyPath,
      HTTP_PORT: "0",
    }),
    "the bridge with a password in its address": saidBy("bridge/bridge-main.ts", {
      KAFKA_BOOTSTRAP: "127.0.0.1:1",
      MQTT_URL: `mqtt://bridge:${password}@127.0.0.1:1`,
    }),
    "the bridge with an address that is none": saidBy("bridge/bridge-main.ts", {
      KAFKA_BOOTSTRAP: "127.0.0.1:1",
      MQTT_URL: `http://bridge:${password}@127.0.0.1:1`,
    }),
    "a phone with a password in its address": saidBy("simulator/driver/driver-main.ts", {
      DRIVER_ID: driver,
      HTTP_PORT: "0",
      CENTRAL_URL: `ftp://u:${password}@127.0.0.1:1`,
      TOKEN_PATH: keyPath,
      REQUESTS_PATH: keyPath,
      STATE_PATH: join(fleet.state, "phone.json"),
    }),
  };
  for (const [name, said] of Object.entries(runs)) told.set(name, await said);
  for (const path of [keyPath, tlsPath]) writeFileSync(path, "");
});

test("every answer of the API is read, as a driver, as an operator and as nobody", async () => {
  const at = (path: string) =>
    path
      .replace(":cp_id", "CP-001")
      .replace(":driver_id", driver)
      .replace(/:(session|request|review)_id/, sid)
      .replace(":cdr_id", sid.replace("S-", "CDR-"))
      .replace(":alert_id", `A-${"0".repeat(16)}`)
      .replace(":letter_ref", "bm9uZQ")
      .replace(":operation_id", `O-${"0".repeat(26)}`)
      .replace(":file", "none.js");
  const token = await driverToken();
  const as: [string, Record<string, string>][] = [
    ["nobody", {}],
    ["driver", { authorization: `Bearer ${token}` }],
    ["operator", { authorization: `Bearer ${operatorToken}` }],
  ];
  for (const route of Object.keys(access)) {
    const [method = "", path = ""] = route.split(" ");
    if (method !== "GET") continue;
    for (const [who, headers] of as) await call(`${route} as ${who}`, method, at(path), headers);
  }
  for (const page of ["/", "/sw.js", "/phone"]) {
    const answer = await fetch(`http://127.0.0.1:${fleet.port(8100)}${page}`);
    told.set(`the phone's ${page}`, await answer.text());
  }
  const file = join(fleet.state, "export.json");
  await fleet.ev("export", file);
  told.set("ev export", readFileSync(file, "utf8"));
  for (const verb of [
    ["ps"],
    ["ps", "--json"],
    ["inspect", "ev-central"],
    ["inspect", "ev-cp-e-1"],
    ["logs"],
  ])
    told.set(`ev ${verb.join(" ")}`, await fleet.ev(...verb));
  expect(told.size).toBeGreaterThan(100);
});

test("no secret is found in any of it, nor in what the fleet keeps, nor in a command line", () => {
  const { keys, state } = fleet.places;
  for (const file of filesUnder(keys)) {
    const bytes = readFileSync(file);
    for (const [i, secret] of secretsIn(bytes.toString("utf8")).entries())
      canaries.set(`${relative(state, file)} ${i}`, secret);
  }
  const key = Buffer.from(readFileSync(fleet.places.tokenKey, "utf8").trim(), "hex");
  for (const form of ["base64", "base64url", "latin1"] as const)
    canaries.set(`token key as ${form}`, key.toString(form));
  expect(canaries.size).toBeGreaterThan(10);
  const read = (name: string, file: string, encoding: BufferEncoding) => {
    try {
      told.set(name, readFileSync(file, encoding));
    } catch (error) {
      // The fleet runs: a process ended meanwhile, a file was replaced.
      if (!(error instanceof Error && "code" in error)) throw error;
    }
  };
  for (const file of filesUnder(state))
    if (!file.startsWith(`${keys}/`)) read(relative(state, file), file, "latin1");
  // The link of the operator's page is for who started the fleet: it stands on his terminal alone.
  told.set("ev up", fleet.output.replace(/#token=\S+/, ""));
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
    read(`command line of ${pid}`, `/proc/${pid}/cmdline`, "utf8");
  const files = [...told.keys()];
  expect(files).toEqual(
    expect.arrayContaining([
      "logs/ev-central.log",
      "logs/ev-bridge.log",
      "logs/ev-mqtt.log",
      "data/central.db",
      expect.stringMatching(/^data\/kafka\//),
      expect.stringMatching(/journal\.db/),
    ]),
  );
  const found = [...told].flatMap(([name, text]) =>
    [...canaries].filter(([, secret]) => text.includes(secret)).map(([secret]) => `${secret}: in ${name}`),
  );
  expect(found).toEqual([]);
});

test("what is a person's is in no public answer and in no log but his phone's", () => {
  const isPublic = (name: string) => {
    const allowed: Access | undefined = access[name.replace(/ as \w+$/, "")];
    return allowed === "public" && name.endsWith(" as nobody");
  };
  const open = [...told].filter(
    ([name]) => isPublic(name) || (/^logs\//.test(name) && !name.includes(driver.replace("driver-", ""))),
  );
  expect(open.length).toBeGreaterThan(12);
  expect(open.filter(([, text]) => text.includes(plate)).map(([name]) => name)).toEqual([]);
  const answers = open.filter(([name]) => isPublic(name));
  expect(answers.filter(([, text]) => text.includes(driver)).map(([name]) => name)).toEqual([]);
  // It is where it belongs: the search would find it.
  expect(
    told.get("data/central.db")?.includes(plate) || told.get("data/central.db-wal")?.includes(plate),
  ).toBe(true);
});
