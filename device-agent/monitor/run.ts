// The CP Monitor's one loop: probes the engine, tells Central how it is, registers the charge point.
//
// 1. Callbacks only enqueue; the loop alone changes state, by the rules beside this file.
// 2. The monitor is the only reporter of health, and its end is one too: by last will, or said by itself.
import { setTimeout as pause } from "node:timers/promises";
import { AckMessage, mqttTopics, parseJson, type Registration } from "../../wire/messages/index.ts";
import type { Link, LinkEvents, LinkOptions } from "../../wire/mqtt/index.ts";
import type { Clock } from "../../wire/process/clock.ts";
import type { Log } from "../../wire/process/log.ts";
import type { Probe } from "../health/health-client.ts";
import { openInbox } from "./inbox.ts";
import { type Identity, numbering } from "./numbering.ts";
import * as registering from "./registration.rules.ts";
import { decide, evolve, type HealthFact, nextProbeMs, type Probed, unknownHealth } from "./rules.ts";
import * as reporting from "./status.rules.ts";

export interface MonitorParts {
  identity: Identity;
  clock: Clock;
  probe: Probe;
  openLink: (will: NonNullable<LinkOptions["will"]>, events: LinkEvents) => Link;
  /** Tells valid registrations; answers how to stop. */
  watchRegistration: (tell: (contents: Registration) => void) => () => void;
  timing: {
    probeIntervalMs: number;
    probeTimeoutMs: number;
    statusIntervalMs: number;
    statusTtlMs: number;
  };
  /** Random numbers in [0, 1). */
  dice: () => number;
  log: Log;
}

type Input =
  | { is: "probed"; probed: Probed }
  | { is: "up" }
  | { is: "settled"; carried: reporting.Notice | null; taken: boolean }
  | { is: "answered"; message: AckMessage }
  | { is: "registration"; contents: Registration }
  | { is: "end" };

const inboxBound = 256;
/** For the farewell to be taken by the broker. */
const farewellMs = 500;

/** Runs until `end()`, which tells Central that this monitor is gone and closes everything, within about 1.5 s. */
export function runMonitor(parts: MonitorParts): { end(): Promise<void> } {
  const { identity, clock, timing, dice, log } = parts;
  const topic = mqttTopics.monitorEvents(identity.cp);
  const envelope = numbering(identity);
  const inbox = openInbox<Input>(inboxBound);
  let health = unknownHealth;
  let status = reporting.statusFrom(clock.monoMs() + dice() * timing.statusIntervalMs);
  let registration = registering.noRegistration;
  let probing = false;
  let probeDueMs = clock.monoMs();

  const put = (input: Input) => {
    // Each kind but acknowledgements is bounded by nature.
    if (!inbox.put(input) && input.is !== "answered") throw new Error(`inbox overflow at ${input.is}`);
  };

  let will = { connection: 0, payload: "" };
  const willOf = (connection: number) => {
    // One number, one payload: an attempt that reached nobody is tried again with the same.
    if (connection !== will.connection)
      will = { connection, payload: envelope("will", clock.stamp(), { conn: connection }).payload };
    return { topic, payload: will.payload, qos: 1 as const };
  };
  const link = parts.openLink(willOf, {
    up: () => put({ is: "up" }),
    down: () => {},
    message: (_topic, payload) => {
      const parsed = parseJson(AckMessage, payload);
      if (parsed.ok && isOurs(parsed.value)) put({ is: "answered", message: parsed.value });
    },
  });
  const isOurs = (message: AckMessage) =>
    message.src === "monitor" && message.journal === identity.journal && message.epoch === identity.epoch;

  function startProbe(nowMs: number): void {
    const lateMs = nowMs - probeDueMs;
    probing = true;
    void parts.probe.probe().then((outcome) => {
      const atMs = clock.monoMs();
      const lagMs = Math.max(lateMs, atMs - nowMs - timing.probeTimeoutMs);
      put({ is: "probed", probed: { atMs, lagMs, outcome } });
    });
  }

  function sendStatus(nowMs: number): void {
    if (health.verdict === "unknown") return;
    const carried = status.owed;
    status = reporting.handedOver(status, nowMs, timing.statusIntervalMs);
    const { payload } = envelope("status", clock.stamp(), {
      engine: health.verdict,
      ...(health.reason !== null && { reason: health.reason.slice(0, 120) }),
      conn: link.connection,
      intervalMs: timing.statusIntervalMs,
      ttlMs: timing.statusTtlMs,
    });
    void link.publish(topic, payload, 1).then((taken) => put({ is: "settled", carried, taken }));
  }

  function register(nowMs: number): void {
    const step = registering.nextStep(registration, nowMs);
    switch (step.do) {
      case "nothing":
        return;
      case "publish": {
        const { seq, payload } = envelope("registration", clock.stamp(), step.contents);
        registration = registering.published(seq, payload, nowMs, dice());
        log.info(`registering as "${step.contents.name}"`);
        void link.publish(topic, payload, 1);
        return;
      }
      case "repeat":
        registration = registering.repeated(registration, nowMs, dice());
        void link.publish(topic, step.payload, 1);
        return;
    }
  }

  function act(nowMs: number): void {
    if (!probing && nowMs >= probeDueMs) startProbe(nowMs);
    if (!link.connected) return;
    if (health.verdict !== "unknown" && reporting.isDue(status, nowMs)) sendStatus(nowMs);
    register(nowMs);
  }

  /** How long nothing is due unless something happens. */
  function idleMs(nowMs: number): number {
    const due = [nowMs + 60_000];
    if (!probing) due.push(probeDueMs);
    if (link.connected && health.verdict !== "unknown" && status.flying === 0) due.push(status.beatMs);
    if (link.connected && registration.underWay) due.push(registration.underWay.dueMs);
    return Math.min(...due) - nowMs;
  }

  function apply(input: Exclude<Input, { is: "end" }>): void {
    switch (input.is) {
      case "probed": {
        for (const fact of decide(health, input.probed, timing.probeIntervalMs)) {
          health = evolve(health, fact);
          take(fact);
        }
        probing = false;
        probeDueMs = nextProbeMs(health, probeDueMs, input.probed.atMs, timing.probeIntervalMs);
        return;
      }
      case "up":
        status = reporting.connected(status);
        registration = registering.reconnected(registration, clock.monoMs());
        return;
      case "settled": {
        const { state, told } = reporting.settled(status, input.carried, input.taken);
        status = state;
        if (told === "fault") log.warn("Fault notification sent to Central");
        if (told === "restoration") log.info("Health restoration notification sent to Central");
        return;
      }
      case "answered": {
        const { state, outcome } = registering.answered(registration, input.message);
        registration = state;
        if (outcome === "acknowledged") log.info("registration acknowledged");
        if (outcome === "refused" && input.message.kind === "nack")
          log.error(`registration refused (${input.message.deadLetter}): ${input.message.reason}`);
        return;
      }
      case "registration":
        registration = registering.contentsRead(registration, input.contents);
        return;
    }
  }

  function take(fact: HealthFact): void {
    switch (fact.fact) {
      case "good":
      case "bad":
        return;
      case "strike":
        log.warn(`Health check failed (${fact.count})`);
        log.debug(`probe: ${fact.reason}`);
        return;
      case "strikes-void":
        log.warn(`own loop was late by ${fact.lagMs} ms: failed checks are void`);
        return;
      case "fault":
        log.error("FAULT DETECTED");
        log.warn(`engine KO: ${fact.reason}`);
        status = reporting.changed(status, "fault");
        return;
      case "reason-changed":
        log.warn(`engine KO: ${fact.reason}`);
        status = reporting.changed(status, null);
        return;
      case "found-well":
        log.info("engine OK");
        status = reporting.changed(status, null);
        return;
      case "restored":
        log.info("Health restored");
        status = reporting.changed(status, "restoration");
        return;
    }
  }

  const stopWatching = parts.watchRegistration((contents) => put({ is: "registration", contents }));

  const loop = async () => {
    for (;;) {
      const nowMs = clock.monoMs();
      act(nowMs);
      const input = await inbox.take(idleMs(nowMs));
      if (input?.is === "end") return;
      if (input) apply(input);
    }
  };
  const done = loop();

  return {
    end: async () => {
      stopWatching();
      put({ is: "end" });
      await done;
      parts.probe.close();
      // In order, so without a will: the same is said here, for Central to know at once.
      const { payload } = envelope("will", clock.stamp(), { conn: link.connection });
      await Promise.race([link.publish(topic, payload, 1), pause(farewellMs, undefined, { ref: false })]);
      await link.close();
    },
  };
}
