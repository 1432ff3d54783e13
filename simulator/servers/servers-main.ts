// `npm run servers -- up | down | status [kafka] [mqtt] [dynamodb]`: the real servers on this machine, for whoever
// wants to run the fleet against them.
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { columns } from "../cli/text.ts";
import { Complaint } from "../fleet/complaint.ts";
import { type Facts, type ServerName, serverNames, startOne, statusOf, stopOne } from "./catalogue.ts";

const help = `npm run servers -- VERB [kafka] [mqtt] [dynamodb]     (none named: all three)

  up        fetch what is missing, start, and print the variables by which the fleet uses them
  status    address, processes, health
  down      stop; data, certificates and logs are kept, unless --wipe

  --brokers 3        Apache Kafka as three brokers with every record on each of them (default 1)
  --state DIR        where they keep their files [EV_STATE/servers], default .ev/servers
  --port-offset N    added to every port [EV_PORT_OFFSET], default 0

Apache Kafka and DynamoDB Local need Java 17 and Maven, Mosquitto comes from Debian; all are kept in
~/.cache/ev-charging. They listen on loopback only.`;

const line = (text: string) => process.stdout.write(`${text}\n`);
const note = (text: string) => process.stderr.write(`${text}\n`);

interface Ask {
  names: ServerName[];
  dir: string;
  portOffset: number;
  brokers: number;
  wipe: boolean;
}

async function up({ names, ...options }: Ask): Promise<void> {
  const all: Facts[] = [];
  for (const name of names) {
    const began = performance.now();
    const facts = await startOne(name, { ...options, say: note });
    all.push(facts);
    const took = ((performance.now() - began) / 1_000).toFixed(1);
    line(`${facts.title} at ${facts.address} (${took} s)`);
  }
  line("\nThe fleet uses them with these variables:\n");
  for (const facts of all) line(exported(facts.env));
  line("npm start");
  const tls = all.flatMap(({ tlsEnv }) => (tlsEnv ? [tlsEnv] : []));
  if (tls.length > 0) line("\nKafka over TLS with a certificate instead:\n");
  for (const env of tls) line(exported(env));
  line("\n`npm run servers -- status` shows them, `npm run servers -- down` stops them.");
}

function exported(env: Record<string, string>): string {
  const pairs = Object.entries(env).map(
    ([name, value]) => `${name}=${/[?&,]/.test(value) ? `'${value}'` : value}`,
  );
  return `export ${pairs.join(" \\\n  ")}`;
}

/** True when everything that was started there is well. */
async function status({ names, dir }: Ask): Promise<boolean> {
  const found = (await Promise.all(names.map((name) => statusOf(name, dir)))).flatMap((one) => one ?? []);
  if (found.length === 0) line(`no server was started in ${dir}: npm run servers -- up`);
  else
    for (const row of columns(
      found.map(({ name, title, address, pids, health }) => [
        name,
        title,
        address,
        pids.length === 0 ? "-" : `process ${pids.join(", ")}`,
        health,
      ]),
    ))
      line(row);
  return found.length > 0 && found.every(({ health }) => health === "answers");
}

async function down({ names, dir, wipe }: Ask): Promise<void> {
  for (const name of names) {
    const ended = await stopOne(name, dir, wipe);
    if (ended > 0 || wipe)
      line(`${name}: ${ended} process${ended === 1 ? "" : "es"} ended${wipe ? ", its files are gone" : ""}`);
  }
  line(wipe ? "nothing is left" : `nothing runs; files stay in ${dir} (--wipe removes them)`);
}

function readAsk(words: string[], values: Record<string, string | boolean | undefined>): Ask {
  const names = words.map((word) => {
    const name = serverNames.find((known) => known === word);
    if (!name) throw new Complaint(`"${word}" is no server: ${serverNames.join(", ")}`);
    return name;
  });
  const number = (option: string, fallback: string | undefined) => {
    const value = Number(values[option] ?? fallback);
    if (!Number.isInteger(value) || value < 0 || value > 56_000)
      throw new Complaint(`--${option}=${values[option]}: a whole number is wanted`);
    return value;
  };
  const state =
    typeof values.state === "string" ? values.state : join(process.env.EV_STATE || ".ev", "servers");
  return {
    names: names.length > 0 ? names : [...serverNames],
    dir: resolve(state),
    portOffset: number("port-offset", process.env.EV_PORT_OFFSET || "0"),
    brokers: number("brokers", "1"),
    wipe: values.wipe === true,
  };
}

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      state: { type: "string" },
      "port-offset": { type: "string" },
      brokers: { type: "string" },
      wipe: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  const [verb = "help", ...words] = positionals;
  if (values.help || verb === "help") {
    line(help);
    return 0;
  }
  const ask = readAsk(words, values);
  switch (verb) {
    case "up":
      await up(ask);
      return 0;
    case "down":
      await down(ask);
      return 0;
    case "status":
      return (await status(ask)) ? 0 : 1;
    default:
      throw new Complaint(`"${verb}" is no verb: up, down or status`);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  // Options that nobody knows come as a TypeError of parseArgs.
  if (!(error instanceof Complaint) && !(error instanceof TypeError && "code" in error)) throw error;
  note(`servers: ${error.message}`);
  process.exitCode = 1;
}
