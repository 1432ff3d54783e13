// Asks a service for a sign of life that suits its role: a word of its protocol, its page, its socket, or what
// Central has heard of it. Each question is answered or given up within two seconds.
import { connect } from "node:net";
import { join } from "node:path";
import * as z from "zod";
import { openProbe } from "../../device-agent/health/health-client.ts";
import { badness } from "../../device-agent/monitor/rules.ts";
import { openChargerControl } from "../charger/control.ts";
import { runningAddresses } from "../fleet/addresses-file.ts";
import type { ServiceReport } from "../fleet/control-messages.ts";
import type { Places } from "../fleet/places.ts";
import { mosquittoFolder } from "../fleet/real-servers.ts";
import { answersHttp } from "../servers/dynamodb-local.ts";
import { askWorker } from "../workers/worker-socket.ts";
import { workerSocketPath } from "../workers/worker-specs.ts";
import { readPoint } from "./central-reading.ts";
import { statusText } from "./charger.rules.ts";
import { askPage } from "./phone-page.ts";
import {
  bridgeHealth,
  type CentralHealth,
  centralHealth,
  engineHealth,
  type Health,
  healthy,
  monitorHealth,
  processHealth,
  unhealthy,
} from "./service-health.rules.ts";
import { durationText } from "./text.ts";

const patienceMs = 2_000;

export async function healthOf(service: ServiceReport, places: Places, centralUrl: string): Promise<Health> {
  const { role, subject, port } = service;
  const decided = processHealth(service, Date.now());
  if (decided) return decided;
  const startedMs = performance.now();
  const took = () => `answered in ${durationText(performance.now() - startedMs)}`;
  switch (role) {
    case "kafka":
    case "mqtt": {
      if (role === "mqtt" && runningAddresses(places)?.real)
        return (await isLetIn(places, port ?? 0))
          ? healthy(`CONNECT with a certificate ${took()}`)
          : unhealthy("it lets no client in");
      const word = role === "kafka" ? apiVersions : mqttConnect;
      const heard = await firstBytes(port ?? 0, word);
      if (typeof heard === "string") return unhealthy(heard);
      return healthy(`${role === "kafka" ? "ApiVersions" : "CONNECT"} ${took()}`);
    }
    case "table":
      return (await answersHttp(`http://127.0.0.1:${port}`)) ? healthy(took()) : unhealthy("no answer");
    case "central":
      return centralHealth(await askCentral(centralUrl));
    case "bridge":
      return bridgeHealth(await askCentral(centralUrl));
    case "engine":
      return askEngine(join(places.sockets, `${subject}.health.sock`));
    case "monitor":
      return monitorHealth(await readPoint(centralUrl, subject ?? ""), Date.now());
    case "charger":
      return askCharger(join(places.sockets, `${subject}.box.sock`));
    case "driver": {
      const page = await askPage(`http://127.0.0.1:${port}/`, patienceMs);
      return page.ok ? healthy(`its page ${took()}`) : unhealthy(`its page: ${page.why}`);
    }
    case "cps": {
      const answer = await askWorker(workerSocketPath(places, service.name), { do: "figures" });
      if (answer?.is !== "figures") return unhealthy("no answer on its socket");
      const { holds, connected, lateMs } = answer.figures;
      return healthy(
        `${connected} of ${holds} charge points connected, loop at most ${Math.round(lateMs)} ms late`,
      );
    }
    default:
      return healthy("its process runs; there is nothing to ask it");
  }
}

/** Loaded only where it is used: an MQTT client costs the command its swiftness. */
async function isLetIn(places: Places, port: number): Promise<boolean> {
  const { letsIn } = await import("../servers/mosquitto.ts");
  const late = new Promise<false>((resolve) => setTimeout(resolve, patienceMs, false));
  return Promise.race([letsIn(mosquittoFolder(places), `mqtts://localhost:${port}`), late]);
}

async function askEngine(path: string): Promise<Health> {
  const probe = openProbe(path, patienceMs);
  const outcome = await probe.probe();
  probe.close();
  return engineHealth(outcome.is === "reply" ? outcome.reply : null, badness(outcome));
}

async function askCharger(path: string): Promise<Health> {
  try {
    const control = await openChargerControl(path);
    try {
      return healthy(statusText(await control.status()));
    } finally {
      control.close();
    }
  } catch (error) {
    if (error instanceof Error) return unhealthy("no answer on its control socket");
    throw error;
  }
}

const HealthAnswer = z.object({
  status: z.string(),
  table: z.string(),
  feed: z.object({ age_ms: z.number().nullable(), stale_since: z.string().nullable() }),
});

/** GET /health, or why there is no answer. */
async function askCentral(centralUrl: string): Promise<CentralHealth | string> {
  try {
    const response = await fetch(`${centralUrl}/health`, { signal: AbortSignal.timeout(patienceMs) });
    return HealthAnswer.parse(await response.json());
  } catch (error) {
    if (error instanceof Error) return "Central does not answer";
    throw error;
  }
}

/** Kafka's ApiVersions, version 0, correlation id 1, without a client id. */
const apiVersions = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]);

/** MQTT 3.1.1 CONNECT: clean session, keep alive 10 s, client id `ev-inspect`. */
const mqttConnect = Buffer.concat([
  Buffer.from([0x10, 22, 0, 4]),
  Buffer.from("MQTT"),
  Buffer.from([4, 2, 0, 10, 0, 10]),
  Buffer.from("ev-inspect"),
]);

/** What a server on loopback answers first, or why it does not. A frozen one takes connections and stays silent. */
function firstBytes(port: number, question: Buffer): Promise<Buffer | string> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const settle = (outcome: Buffer | string) => {
      socket.destroy();
      resolve(outcome);
    };
    socket.setTimeout(patienceMs, () => settle(`no answer within ${patienceMs} ms`));
    socket.once("error", () => settle(`nobody listens on port ${port}`));
    socket.once("close", () => settle("it closed the connection without an answer"));
    socket.once("data", settle);
    socket.write(question);
  });
}
