// The CP Engine put together: loop, charger, journal, outbox and link. A process of its own holds one of these, a
// simulated fleet hundreds; both say what it drives and where it journals.
import { setTimeout as pause } from "node:timers/promises";
import { mqttTopics } from "../wire/messages/index.ts";
import { accessOf, type MqttAccess, openLink } from "../wire/mqtt/index.ts";
import type { Clock } from "../wire/process/clock.ts";
import type { Log } from "../wire/process/log.ts";
import { systemTimers } from "../wire/process/timers.ts";
import type { Charger } from "./charger/port.ts";
import { type Engine, runEngine } from "./engine/run.ts";
import type { Config } from "./engine/state.ts";
import type { HealthReply } from "./health/protocol.ts";
import type { Journal } from "./journal/port.ts";

const agentVersion = "0.1.0";
/** Below this much free disk no session begins and the engine reports itself as not ready. */
const minFreeBytes = 8_000_000;
/** After the last session's end is durable, how long to wait for it to reach Kafka before exiting. */
const drainMs = 1_500;

/** With its certificate or password at the broker, where that asks for one. */
export interface EngineSetup extends MqttAccess {
  config: Omit<Config, "agentVersion" | "minFreeBytes">;
  /** Closed by `end`. */
  journal: Journal;
  charger: Charger;
  mqttUrl: string;
  clock: Clock;
  log: Log;
  /**
   * Does what leaves the engine (messages, wishes to the charger, its exit) once its commits are durable, in order;
   * for a journal whose commits are not durable at once. Absent: at once.
   */
  onceDurable?: (effect: () => void) => void;
}

export interface OpenEngine {
  readonly engine: Engine;
  readonly connected: boolean;
  /** What a monitor is told. */
  health(): HealthReply;
  /** Ends the session as the reboot policy says, gives its last events some time, closes everything. */
  end(): Promise<void>;
}

/** Returns with the engine at work; it needs nobody, so nothing is waited for. */
export function openEngine(setup: EngineSetup): OpenEngine {
  const { config, journal, charger, mqttUrl, clock, log } = setup;
  const { cp } = config;
  const onceDurable = setup.onceDurable ?? ((effect) => effect());
  const exited = Promise.withResolvers<void>();
  const eventsTopic = mqttTopics.engineEvents(cp);
  const commandsTopic = mqttTopics.commands(cp);
  const acksTopic = mqttTopics.acks(cp);

  const engine = runEngine({
    config: { ...config, agentVersion, minFreeBytes },
    journal,
    charger: { ...charger, want: (supply) => onceDurable(() => charger.want(supply)) },
    clock,
    timers: systemTimers,
    random: Math.random,
    log,
    publish: (payload) => onceDurable(() => void link.publish(eventsTopic, payload, 1)),
    onExit: () => onceDurable(exited.resolve),
  });
  const link = openLink(
    { ...accessOf(setup), url: mqttUrl, clientId: `${cp}-engine`, cleanSession: true, keepaliveS: 15 },
    [
      { topic: commandsTopic, qos: 1 },
      { topic: acksTopic, qos: 0 },
    ],
    {
      up: () => {
        log.info("MQTT command consumer started");
        engine.linkUp(true);
      },
      down: (reason) => {
        log.warn(`MQTT link down (${reason}); events wait in the journal`);
        engine.linkUp(false);
      },
      message: (topic, payload) => {
        if (topic === acksTopic) engine.onAckBytes(payload);
        else engine.onCommandBytes(payload);
      },
    },
    log,
  );

  return {
    engine,
    get connected() {
      return link.connected;
    },
    health: () => {
      const now = clock.monoMs();
      const { durable } = engine.state;
      return {
        epoch: journal.epoch,
        tickAgeMs: now - engine.tickedMono,
        journalWritable: journal.freeBytes() >= minFreeBytes,
        chargerHeardMs: engine.chargerHeardMono === null ? null : now - engine.chargerHeardMono,
        operative: durable.operative,
        sid: durable.session?.sid ?? null,
      };
    },
    async end() {
      engine.terminate();
      await exited.promise;
      const until = clock.monoMs() + drainMs;
      while (link.connected && journal.backlog > 0 && clock.monoMs() < until) await pause(20);
      engine.stop();
      await Promise.all([charger.close(), link.close()]);
      journal.close();
    },
  };
}
