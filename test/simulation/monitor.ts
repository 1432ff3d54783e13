// The monitor as a simulated process around its own rules: probes, status on change and on the beat, will,
// registration until acknowledged.
import { numbering } from "../../device-agent/monitor/numbering.ts";
import * as registering from "../../device-agent/monitor/registration.rules.ts";
import {
  decide,
  evolve,
  type HealthState,
  probePaceMs,
  unknownHealth,
} from "../../device-agent/monitor/rules.ts";
import {
  AckMessage,
  mqttTopics,
  parseJson,
  partitionOf,
  type Registration,
} from "../../wire/messages/index.ts";
import type { SimDevice } from "./device.ts";
import { type SimBroker, SimClient } from "./mqtt.ts";
import type { World } from "./world.ts";

export const probeEveryMs = 20_000;
export const statusEveryMs = 60_000;
export const statusTtlMs = 150_000;

export class SimMonitor {
  up = false;
  paused = false;
  journal: string;
  epoch = 0;
  health: HealthState = unknownHealth;
  readonly feed: number;
  readonly #world: World;
  readonly #broker: SimBroker;
  readonly #device: SimDevice;
  readonly #registration: Registration;
  #generation = 0;
  #client: SimClient | null = null;
  #registering = registering.noRegistration;
  #number = numbering({ cp: "", journal: "", epoch: 0 });

  constructor(
    world: World,
    broker: SimBroker,
    device: SimDevice,
    registration: Registration,
    partitions: number,
    kept: { journal: string; epoch: number } | null,
  ) {
    this.#world = world;
    this.#broker = broker;
    this.#device = device;
    this.#registration = registration;
    this.journal = kept?.journal ?? `${world.hex(8)}-${world.hex(4)}`;
    this.epoch = kept?.epoch ?? 0;
    this.feed = partitionOf(device.cp, partitions);
    this.start();
  }

  start(): void {
    if (this.up) return;
    this.up = true;
    this.#generation += 1;
    const generation = this.#generation;
    this.epoch += 1;
    this.health = unknownHealth;
    const { cp } = this.#device;
    this.#number = numbering({ cp, journal: this.journal, epoch: this.epoch });
    this.#registering = registering.contentsRead(registering.noRegistration, this.#registration);
    const client = new SimClient(
      this.#world,
      this.#broker,
      `${cp}-monitor`,
      [mqttTopics.acks(cp)],
      {
        up: (connection) => {
          this.#registering = registering.reconnected(this.#registering, this.#world.nowMs);
          this.#report(connection);
          this.#register();
        },
        down: () => {},
        message: (_topic, payload) => this.#onAck(payload),
      },
      (work) => {
        if (generation === this.#generation && !this.paused) work();
      },
    );
    client.will = (conn) => ({
      topic: mqttTopics.monitorEvents(cp),
      payload: this.#number("will", this.#device.clock().stamp(), { conn }).payload,
    });
    this.#client = client;
    this.#probe(generation);
    this.#beat(generation);
  }

  kill(): void {
    if (!this.up) return;
    this.up = false;
    this.#generation += 1;
    this.#client?.kill();
    this.#client = null;
  }

  get client(): SimClient | null {
    return this.#client;
  }

  #probe(generation: number): void {
    if (generation !== this.#generation) return;
    const pace = Math.max(1_000, probePaceMs(this.health, probeEveryMs));
    this.#world.after(pace, () => {
      if (generation !== this.#generation) return;
      if (!this.paused) this.#judge();
      this.#probe(generation);
    });
  }

  #judge(): void {
    const { engine, disk } = this.#device;
    const outcome = engine
      ? ({
          is: "reply",
          reply: {
            epoch: disk.epoch,
            tickAgeMs: 0,
            journalWritable: !disk.full,
            // Readings of an idle charger are stretched out here; only its silence counts.
            chargerHeardMs: engine.chargerHeardMono === null ? null : 0,
            operative: engine.state.durable.operative,
            sid: engine.state.durable.session?.sid ?? null,
          },
        } as const)
      : ({ is: "no-answer", why: "no answer" } as const);
    const before = this.health.verdict;
    const facts = decide(this.health, { atMs: this.#world.nowMs, lagMs: 0, outcome }, probeEveryMs);
    this.health = facts.reduce(evolve, this.health);
    if (this.health.verdict !== before && this.#client) this.#report(this.#client.connection);
  }

  #report(connection: number): void {
    if (this.health.verdict === "unknown") return;
    const { verdict, reason } = this.health;
    const body = {
      engine: verdict,
      ...(reason === null ? {} : { reason }),
      conn: connection,
      intervalMs: statusEveryMs,
      ttlMs: statusTtlMs,
    };
    const { payload } = this.#number("status", this.#device.clock().stamp(), body);
    this.#client?.publish(mqttTopics.monitorEvents(this.#device.cp), payload);
  }

  #beat(generation: number): void {
    this.#world.after(statusEveryMs, () => {
      if (generation !== this.#generation) return;
      if (!this.paused && this.#client?.connected) this.#report(this.#client.connection);
      this.#register();
      this.#beat(generation);
    });
  }

  #register(): void {
    if (!this.#client?.connected) return;
    const now = this.#world.nowMs;
    const step = registering.nextStep(this.#registering, now);
    if (step.do === "nothing") return;
    const topic = mqttTopics.monitorEvents(this.#device.cp);
    if (step.do === "publish") {
      const { seq, payload } = this.#number("registration", this.#device.clock().stamp(), {
        ...step.contents,
      });
      this.#registering = registering.published(seq, payload, now, this.#world.random());
      this.#client.publish(topic, payload);
    } else {
      this.#registering = registering.repeated(this.#registering, now, this.#world.random());
      this.#client.publish(topic, step.payload);
    }
    const generation = this.#generation;
    this.#world.after(2_000, () => {
      if (generation === this.#generation && !this.paused) this.#register();
    });
  }

  #onAck(payload: string): void {
    const parsed = parseJson(AckMessage, payload);
    if (!parsed.ok || parsed.value.src !== "monitor") return;
    if (parsed.value.journal !== this.journal || parsed.value.epoch !== this.epoch) return;
    this.#registering = registering.answered(this.#registering, parsed.value).state;
  }
}
