// Watches the fleet from outside while it suffers: charge points as GET /cp shows them, drivers' sessions and inboxes,
// what goes over the MQTT broker, services that die unasked, and how late this process itself is.
import { setTimeout as pause } from "node:timers/promises";
import { AckMessage, Envelope, identityText, mqttTopics, parseJson } from "../../wire/messages/index.ts";
import { openLink } from "../../wire/mqtt/index.ts";
import { silentLog } from "../../wire/process/log.ts";
import type { CpList, LiveFleet } from "../support/live-fleet.ts";
import type { Reach } from "../support/real-servers.ts";
import { caller } from "./crowd.ts";
import type { History } from "./history.ts";

type Seen = Pick<
  History,
  "statuses" | "lags" | "glimpses" | "read" | "acknowledged" | "published" | "deaths"
>;

const statusEveryMs = 400;
const driversEveryMs = 1_500;
const deathsEveryMs = 1_000;
const answerWithinMs = 1_500;
/** Later than this and the times seen prove nothing. */
const lateMs = 400;

export interface Witness {
  /** Rejects when a part of it had failed. */
  close(): Promise<void>;
}

/** A service that ended by itself is noted and started again, as systemd would. */
export function openWitness(
  fleet: LiveFleet,
  broker: Reach,
  drivers: readonly string[],
  seen: Seen,
  onFailure: () => void,
): Witness {
  const off = new AbortController();
  const failures: unknown[] = [];
  const loops = [
    every(off.signal, statusEveryMs, () => lookAtStatus(fleet, seen)),
    every(off.signal, deathsEveryMs, () => lookForDeaths(fleet, seen)),
    ...drivers.map((driver) => watchDriver(fleet, driver, seen, off.signal)),
    watchOwnPace(seen, off.signal),
  ].map((loop) =>
    loop.catch((error: unknown) => {
      failures.push(error);
      onFailure();
    }),
  );
  const link = listen(broker, seen);
  return {
    async close() {
      off.abort();
      await Promise.all(loops);
      await link.close();
      if (failures.length > 0) throw failures[0];
    },
  };
}

async function every(signal: AbortSignal, everyMs: number, look: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await look();
    await pause(everyMs, undefined, { signal }).catch(() => {});
  }
}

async function lookAtStatus(fleet: LiveFleet, { statuses }: Seen): Promise<void> {
  const signal = AbortSignal.timeout(answerWithinMs);
  const look = await fetch(`http://127.0.0.1:${fleet.port(8000)}/cp`, { signal })
    .then(async (response) => (response.ok ? ((await response.json()) as CpList) : null))
    .catch(() => (signal.aborted ? "late" : null));
  const list = look === "late" ? null : look;
  statuses.push({
    atMs: Date.now(),
    states: list && Object.fromEntries(list.charging_points.map((cp) => [cp.cp_id, cp.state])),
    stale: list?.feed.stale_since !== null,
    ...(look === "late" && { late: true }),
  });
}

async function lookForDeaths(fleet: LiveFleet, { deaths }: Seen): Promise<void> {
  const services = await fleet.ask({ verb: "status" });
  const dead = services.filter(({ status }) => status === "exited" || status === "crashed");
  for (const { name, sinceMs, why } of dead)
    deaths.push({ service: name, atMs: sinceMs, why: why ?? "no reason given" });
  if (dead.length > 0) await fleet.ask({ verb: "start", services: dead.map(({ name }) => name) });
}

/** As a driver with a phone of their own: reads the inbox after the last message read, looks at the past sessions. */
async function watchDriver(fleet: LiveFleet, driver: string, seen: Seen, signal: AbortSignal): Promise<void> {
  const call = await caller(fleet, driver);
  const list = async <T>(path: string): Promise<T[]> => {
    const answer = await call("GET", path);
    return answer?.status === 200 ? (answer.value as T[]) : [];
  };
  const messages: History["read"][string] = [];
  seen.read[driver] = messages;
  await every(signal, driversEveryMs, async () => {
    const fresh = await list<{ sequence: number; message: string }>(
      `/notifications?after=${messages.at(-1)?.sequence ?? 0}`,
    );
    messages.push(...fresh.map(({ sequence, message }) => ({ sequence, message })));
    const fromMs = Date.now();
    const sessions = await list<{ session_id: string; status: string }>("/sessions/history?limit=20");
    const toMs = Date.now();
    for (const { session_id: sid, status } of sessions) seen.glimpses.push({ fromMs, toMs, sid, status });
  });
}

async function watchOwnPace({ lags }: Seen, signal: AbortSignal): Promise<void> {
  let dueMs = performance.now() + 100;
  await every(signal, 100, async () => {
    const late = performance.now() - dueMs;
    if (late > lateMs) lags.push({ atMs: Date.now(), lateMs: Math.round(late) });
    dueMs = performance.now() + 100;
  });
}

/** A silent client of the broker: what engines publish, and what the bridge acknowledges to them. */
function listen(broker: Reach, { acknowledged, published }: Seen) {
  const known = new Map<string, string>();
  const cpOf = (topic: string) => topic.split("/")[3] ?? "";
  return openLink(
    {
      ...broker,
      cleanSession: true,
      keepaliveS: 5,
      reconnectMostMs: 200,
    },
    [
      { topic: mqttTopics.allEngineEvents, qos: 0 },
      { topic: "ev/v1/+/+/acks", qos: 0 },
    ],
    {
      up() {},
      down() {},
      message(topic, payload) {
        const text = new TextDecoder().decode(payload);
        if (topic.endsWith("/events")) {
          const event = parseJson(Envelope, text);
          const name = event.ok ? identityText(event.value) : "";
          if (known.get(name) !== text) published.push([name, text]);
          known.set(name, text);
          return;
        }
        const ack = parseJson(AckMessage, text);
        if (!ack.ok || ack.value.kind !== "ack") return;
        const { src, journal, epoch, ranges } = ack.value;
        for (const [from, to] of ranges)
          for (let seq = from; seq <= to; seq++)
            acknowledged.push(identityText({ cp: cpOf(topic), src, journal, epoch, seq }));
      },
    },
    silentLog,
  );
}
