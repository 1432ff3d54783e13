// What the bench and its own processes tell each other over their channels.
import type { EventKind } from "./event-packets.ts";

/** `window`: events of a connection that may be open; by whom they are closed. */
export type Pacing =
  | { by: "broker"; window: number }
  | { by: "device-acks"; window: number }
  | { by: "clock"; perSecond: number };

export interface LoadPlan {
  mqttPort: number;
  connections: number;
  /** Names the run in every event. */
  journal: string;
  kind: EventKind;
  /** Of the whole run, over all connections. */
  total: number;
  pacing: Pacing;
  /**
   * Listen to the bridge's acknowledgements, and send again what had none for so long; a run ends when all have come.
   * Undefined: it ends when the broker has everything.
   */
  resendAfterMs?: number;
}

export interface Latency {
  p50Ms: number;
  p99Ms: number;
  worstMs: number;
}

export interface LoadDone {
  is: "done";
  sent: number;
  resent: number;
  acked: number;
  /** First packet to last acknowledgement (of the device, else of the broker), seconds. */
  tookS: number;
  ack: Latency;
}

export type LoadTold = { is: "ready" } | LoadDone;

export interface ProducePlan {
  bootstrap: string;
  topic: string;
  partitions: number;
  /** Devices whose events they would be. */
  connections: number;
  batch: number;
  total: number;
  /** Batches on their way; with `perSecond` one record at a time. */
  inFlight: number;
  perSecond?: number;
  /** Plain kafkajs, or the project's own producer. */
  by: "kafkajs" | "producer";
}

export interface SubscribePlan {
  mqttPort: number;
  /** Messages before those that count. */
  warmUp: number;
  /** Messages that count; then it is done. */
  total: number;
  /** Answers each event with an acknowledgement. */
  echo: boolean;
}

/** Figures of a process that measured itself from its first message to its last. */
export interface SideDone {
  is: "done";
  messages: number;
  tookS: number;
  cpuS: number;
  latency: Latency;
  /** Resident memory at the end, MB. */
  memoryMb: number;
}

export type SideTold = { is: "ready" } | SideDone;

export function latencyOf(ms: number[]): Latency {
  const sorted = Float64Array.from(ms).sort();
  const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99), worstMs: at(1) };
}

export function nowUs(): number {
  const [s, ns] = process.hrtime();
  return s * 1_000_000 + Math.floor(ns / 1_000);
}
