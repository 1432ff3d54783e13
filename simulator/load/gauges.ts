// Looks at a running fleet's counters: /proc, the offsets in Kafka, the workers' sockets.
import { readFileSync } from "node:fs";
import { centralGroup, centralTopics } from "../../central-fn/on-event/consume.ts";
import { brokerList, openProgress, type ProgressReader } from "../../wire/kafka/index.ts";
import { kafkaTopics } from "../../wire/messages/index.ts";
import { silentLog } from "../../wire/process/log.ts";
import type { Places } from "../fleet/places.ts";
import { isCode, residentBytes } from "../fleet/process-identity.ts";
import { askWorker } from "../workers/worker-socket.ts";
import { workerSocketPath } from "../workers/worker-specs.ts";
import type { Look, ProcessLook, WorkerLook } from "./figures.rules.ts";

export interface Service {
  name: string;
  role: string;
  holds: number | null;
  pid: number | null;
}

export interface Gauges {
  look(services: readonly Service[]): Promise<Look>;
  close(): Promise<void>;
}

/** Topics that a fleet at rest writes to as well. */
const everGrowing = new Set<string>([kafkaTopics.status.name, kafkaTopics.telemetry.name]);

/** Ticks of /proc/…/stat, on every Linux that Node runs on. */
const ticksPerS = 100;

export function openGauges(places: Places, kafkaBootstrap: string): Gauges {
  let progress: Promise<ProgressReader> | undefined;
  let known = { written: 0, lag: 0, eventLag: 0 };

  /** Kafka may be away for a while; the figures then stand still. */
  const readKafka = async () => {
    progress ??= openProgress({ brokers: brokerList(kafkaBootstrap), clientId: "figures", log: silentLog });
    try {
      const topics = await (await progress).read([{ group: centralGroup, topics: centralTopics }]);
      known = {
        written: topics.reduce((sum, { written }) => sum + written, 0),
        lag: topics.reduce((sum, { lag }) => sum + lag, 0),
        eventLag: topics.reduce((sum, { topic, lag }) => sum + (everGrowing.has(topic) ? 0 : lag), 0),
      };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const broken = progress;
      progress = undefined;
      void broken.then((reader) => reader.close()).catch(() => undefined);
    }
    return known;
  };

  return {
    async look(services) {
      const [kafka, workers] = await Promise.all([readKafka(), readWorkers(places, services)]);
      return {
        atMs: performance.now(),
        processes: services.flatMap(processLook),
        ...kafka,
        workers,
      };
    },
    async close() {
      await progress?.then((reader) => reader.close()).catch(() => undefined);
    },
  };
}

/** What the workers say of themselves; one that does not answer is left out. */
export async function readWorkers(places: Places, services: readonly Service[]): Promise<WorkerLook[]> {
  const asked = services
    .filter(({ role, pid }) => role === "cps" && pid !== null)
    .map(async ({ name }) => {
      const answer = await askWorker(workerSocketPath(places, name), { do: "figures" });
      return answer?.is === "figures" ? [{ name, ...answer.figures }] : [];
    });
  return (await Promise.all(asked)).flat();
}

function processLook({ name, role, holds, pid }: Service): ProcessLook[] {
  if (pid === null) return [];
  const cpuS = cpuSeconds(pid);
  const resident = residentBytes(pid);
  return cpuS === undefined || resident === null
    ? []
    : [{ name, role, holds, cpuS, residentBytes: resident }];
}

/** CPU seconds that a process has used; undefined when it is gone. */
function cpuSeconds(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / ticksPerS;
  } catch (error) {
    if (isCode(error, "ENOENT") || isCode(error, "ESRCH")) return undefined;
    throw error;
  }
}
