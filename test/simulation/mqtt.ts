// An MQTT broker and its clients' links: messages may be lost, repeated, delayed and overtake each other; a link
// may be cut, or half open (both ends believe in it); wills are published when a link breaks.
import type { World } from "./world.ts";

export interface SimClientEvents {
  up(connection: number): void;
  down(): void;
  message(topic: string, payload: string): void;
}

export class SimBroker {
  up = true;
  /** Chances per message. */
  drop = 0;
  duplicate = 0;
  reorder = 0;
  delivered = 0;
  readonly #world: World;
  readonly #clients = new Set<SimClient>();
  readonly #bySubscription = new Map<string, Set<SimClient>>();

  constructor(world: World) {
    this.#world = world;
  }

  join(client: SimClient): void {
    // One client id, one connection: the newer one takes over.
    for (const other of this.#clients) if (other.id === client.id && other !== client) other.cut();
    this.#clients.add(client);
    for (const topic of client.topics) {
      const members = this.#bySubscription.get(topic) ?? new Set();
      members.add(client);
      this.#bySubscription.set(topic, members);
    }
  }

  leave(client: SimClient): void {
    this.#clients.delete(client);
    for (const topic of client.topics) this.#bySubscription.get(topic)?.delete(client);
  }

  /** Delivers to every subscriber of the topic's channel (the part that names who listens). */
  publish(topic: string, payload: string): void {
    if (!this.up) return;
    const world = this.#world;
    for (const client of this.#bySubscription.get(channelOf(topic)) ?? []) {
      if (world.chance(this.drop)) continue;
      const times = world.chance(this.duplicate) ? 2 : 1;
      for (let i = 0; i < times; i++) {
        const delay = world.chance(this.reorder) ? world.between(50, 6_000) : world.between(1, 15);
        const connection = client.connection;
        world.after(delay, () => {
          // A message of an earlier connection is gone with it.
          if (!client.connected || client.connection !== connection || client.deaf || !this.up) return;
          this.delivered += 1;
          client.receive(topic, payload);
        });
      }
    }
  }

  restart(downMs: number): void {
    this.up = false;
    for (const client of [...this.#clients]) client.cut(false);
    this.#world.after(downMs, () => {
      this.up = true;
    });
  }
}

/** Uplink topics of all devices are one channel (the bridge's); every other topic is its own. */
function channelOf(topic: string): string {
  if (topic.endsWith("/events")) return "events";
  if (topic.startsWith("ev/v1/canary/")) return "canary";
  return topic;
}

export class SimClient {
  readonly id: string;
  readonly topics: readonly string[];
  connected = false;
  connection = 0;
  /** Half open: nothing arrives any more, in neither direction, and neither end knows. */
  deaf = false;
  blockedUntilMs = 0;
  will: ((connection: number) => { topic: string; payload: string }) | null = null;
  #will: { topic: string; payload: string } | null = null;
  #dead = false;
  readonly #world: World;
  readonly #broker: SimBroker;
  readonly #events: SimClientEvents;
  /** What happens inside the process that owns this link; it may end in a crash. */
  readonly #inside: (work: () => void) => void;

  constructor(
    world: World,
    broker: SimBroker,
    id: string,
    topics: readonly string[],
    events: SimClientEvents,
    inside: (work: () => void) => void,
  ) {
    this.#world = world;
    this.#broker = broker;
    this.id = id;
    this.topics = topics;
    this.#events = events;
    this.#inside = inside;
    this.#connectLater();
  }

  #connectLater(): void {
    this.#world.after(this.#world.between(50, 1_500), () => {
      if (this.#dead || this.connected) return;
      if (!this.#broker.up || this.#world.nowMs < this.blockedUntilMs) return this.#connectLater();
      this.connected = true;
      this.deaf = false;
      this.connection += 1;
      this.#will = this.will?.(this.connection) ?? null;
      this.#broker.join(this);
      this.#inside(() => this.#events.up(this.connection));
    });
  }

  /** True when handed to the broker; a half-open link takes everything and delivers nothing. */
  publish(topic: string, payload: string): boolean {
    if (!this.connected) return false;
    if (!this.deaf) {
      const world = this.#world;
      world.after(world.between(0, 5), () => this.#broker.publish(topic, payload));
    }
    return true;
  }

  receive(topic: string, payload: string): void {
    this.#inside(() => this.#events.message(topic, payload));
  }

  /** The link breaks; the broker notices after a while and publishes the will, unless it died itself. */
  cut(brokerLives = true): void {
    if (!this.connected) return;
    this.connected = false;
    this.#broker.leave(this);
    const will = this.#will;
    if (brokerLives && will)
      this.#world.after(this.#world.between(10, 20_000), () =>
        this.#broker.publish(will.topic, will.payload),
      );
    if (this.#dead) return;
    this.#inside(() => this.#events.down());
    this.#connectLater();
  }

  /** Half open for `ms`, then noticed by keepalive. */
  halfOpen(ms: number): void {
    this.deaf = true;
    this.#world.after(ms, () => {
      if (this.deaf) this.cut();
    });
  }

  block(ms: number): void {
    this.blockedUntilMs = this.#world.nowMs + ms;
    this.cut();
  }

  /** The process died: its socket closes. */
  kill(): void {
    this.#dead = true;
    this.cut();
    this.#broker.leave(this);
  }
}
