// The recorded history, sorted for judging: events by charge point, faults by whom they may excuse.
import type { Stamp } from "../../wire/messages/index.ts";
import { type DeviceEvent, nameOf } from "../support/invariants.ts";
import type { Fault, History } from "./history.ts";

export interface TimedEvent extends DeviceEvent {
  at: Stamp;
}

export interface Evidence {
  history: History;
  /** Identity → bytes, of everything on cp.events and cp.telemetry. */
  inKafka: ReadonlyMap<string, string>;
  /** Identities that Kafka holds with two different payloads. */
  doubles: string[];
  /** The engine's events per charge point, once each, in the order of its journal. */
  events: ReadonlyMap<string, readonly TimedEvent[]>;
  wallMs(stamp: Stamp): number;
}

export function evidenceOf(history: History): Evidence {
  const inKafka = new Map<string, string>();
  const doubles: string[] = [];
  const events = new Map<string, TimedEvent[]>(history.cps.map((cp) => [cp, []]));
  for (const topic of ["cp.events", "cp.telemetry"])
    for (const { value } of history.kafka[topic] ?? []) {
      const event = JSON.parse(value) as TimedEvent;
      const name = nameOf(event);
      const known = inKafka.get(name);
      if (known !== undefined && known !== value) doubles.push(name);
      if (known === undefined && event.src === "engine") events.get(event.cp)?.push(event);
      inKafka.set(name, value);
    }
  for (const list of events.values()) list.sort((a, b) => a.epoch - b.epoch || a.seq - b.seq);
  return { history, inKafka, doubles, events, wallMs: ({ mono }) => mono + history.monoToWallMs };
}

/** A shared server or one of its lines: it may be felt everywhere. */
export function isShared(fault: Fault): boolean {
  return fault.cp === null && !fault.target.startsWith("ev-driver-");
}

/** It may change what is shown of its charge point; what an engine's own line suffers, or a car does, may not. */
export function isShownSomehow({ kind, target }: Fault): boolean {
  return !["glitch", "unplug", "corrupt"].includes(kind) && !/^ev-cp-e-.*→/.test(target);
}

/**
 * How long after its mending a fault may still be felt: a line that only seems to live is noticed by its keep-alive; a
 * charger that was killed has to start, to be found on its line again and to test itself before it answers.
 */
export function settleMs({ kind, cp, target }: Fault): number {
  if (kind === "kill" && target.startsWith("ev-charger-")) return 20_000;
  const silent = kind === "black-hole" || kind === "half-open" || kind === "hold";
  return silent && cp === null ? 25_000 : 12_000;
}

/** Faults that may be felt at `cp` between two instants. */
export function feltAt({ faults }: History, cp: string, fromMs: number, toMs: number): Fault[] {
  return faults.filter(
    (fault) =>
      (fault.cp === cp || isShared(fault)) && fault.fromMs <= toMs && fault.toMs + settleMs(fault) >= fromMs,
  );
}
