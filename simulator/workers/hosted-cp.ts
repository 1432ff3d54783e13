// One charge point among hundreds in a process: the engine and the monitor as they are, each with its own MQTT
// client; in memory are only the line to the charger and the question that the monitor asks the engine.
import { openRapiCharger } from "../../device-agent/charger/rapi/rapi-charger.ts";
import type { Probe } from "../../device-agent/health/health-client.ts";
import type { HealthReply } from "../../device-agent/health/protocol.ts";
import type { JournalFile } from "../../device-agent/journal/sqlite-journal.ts";
import { openEngine } from "../../device-agent/open-engine.ts";
import { type MonitorSetup, type OpenMonitor, openMonitor } from "../../device-agent/open-monitor.ts";
import type { MqttAccess } from "../../wire/mqtt/index.ts";
import type { Clock } from "../../wire/process/clock.ts";
import { openLog } from "../../wire/process/log.ts";
import { seedOf } from "../charger/chance.ts";
import { mcuIdOf } from "../charger/mcu-id.ts";
import type { CpFile } from "../fleet/fleet-schemas.ts";
import { registrationOf } from "../fleet/services.ts";
import { wiringFor } from "../fleet/wiring.ts";
import type { CommitGate } from "./commit-gate.ts";
import { type HostedCharger, type KeptCharger, openHostedCharger } from "./hosted-charger.ts";
import type { RowStore } from "./row-store.ts";

export interface HostedCpOptions {
  file: CpFile;
  mqttUrl: string;
  /** What the client of this id proves itself with. */
  accessOf(clientId: string): MqttAccess;
  sampleFlushS: number;
  journals: JournalFile;
  /** Of the journals' file. */
  gate: CommitGate;
  memory: RowStore<KeptCharger>;
  clock: Clock;
}

export interface HostedCp {
  cp: string;
  charger: HostedCharger;
  /** Of its two links. */
  linksUp(): number;
  /** Events not yet in Kafka. */
  backlog(): number;
  /** As an engine and a monitor that are asked to stop. */
  end(): Promise<void>;
}

/** Opens charger, engine and monitor, in this order. Throws JournalBroken. */
export function openHostedCp(options: HostedCpOptions): HostedCp {
  const { file, mqttUrl, journals, gate, clock } = options;
  const cp = file.cp_id;
  const { amps, ctRatio } = wiringFor(file.power_kw * 1000);
  const charger = openHostedCharger({
    cp,
    memory: options.memory,
    monoMs: clock.monoMs,
    point: {
      firmware: file.firmware,
      ctRatio,
      maxAmps: amps,
      cars: file.cars,
      seed: (1 ^ seedOf(cp)) >>> 0,
      mcuId: mcuIdOf(cp),
    },
  });
  const engineLog = openLog(`CP_E:${cp}`);
  const journal = journals.journalOf(cp);
  const engine = openEngine({
    config: {
      cp,
      maxAmps: amps,
      rebootPolicy: file.reboot_policy,
      idleLimitS: file.idle_limit_s,
      sampleFlushS: options.sampleFlushS,
    },
    journal,
    charger: openRapiCharger({
      path: cp,
      ctRatio,
      monoMs: clock.monoMs,
      log: engineLog,
      openLine: charger.openLine,
    }),
    mqttUrl,
    ...options.accessOf(`${cp}-engine`),
    clock,
    log: engineLog,
    onceDurable: gate.pass,
  });
  const { id, epoch } = journals.raiseEpoch(`${cp}/monitor`);
  let monitor: OpenMonitor | undefined;
  let ended = false;
  // Its will carries the epoch: it may not even connect before that is durable.
  gate.pass(() => {
    if (!ended) monitor = openMonitorOf(options, { cp, journal: id, epoch }, engine.health);
  });
  return {
    cp,
    charger,
    linksUp: () => Number(engine.connected) + Number(monitor?.connected ?? false),
    backlog: () => journal.backlog,
    async end() {
      ended = true;
      await Promise.all([engine.end(), monitor?.end()]);
      charger.close();
    },
  };
}

function openMonitorOf(
  { file, clock, mqttUrl, accessOf }: HostedCpOptions,
  identity: MonitorSetup["identity"],
  health: () => HealthReply,
): OpenMonitor {
  return openMonitor({
    identity,
    clock,
    probe: memoryProbe(health),
    mqttUrl,
    ...accessOf(`${identity.cp}-monitor`),
    watchRegistration: (tell) => {
      tell(registrationOf(file));
      return () => {};
    },
    timing: {
      probeIntervalMs: file.probe_interval_ms,
      probeTimeoutMs: file.probe_timeout_ms,
      statusIntervalMs: file.status_interval_ms,
      statusTtlMs: file.status_ttl_ms,
    },
    log: openLog(`CP_M:${identity.cp}`),
  });
}

/** Engine and monitor share a process here: its loop is proof enough that an answer comes. */
function memoryProbe(reply: () => HealthReply): Probe {
  return {
    probe: () => Promise.resolve({ is: "reply", reply: reply() }),
    close: () => {},
  };
}
