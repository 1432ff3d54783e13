// What the engine knows: the part that survives a crash (one JSON value in the journal) and the part that does not.
import * as z from "zod";
import {
  Answer,
  type Connector,
  Grant,
  Limit,
  type Reading,
  Sid,
  Stamp,
  StopReason,
} from "../../wire/messages/index.ts";
import type { ChargerReading } from "../charger/port.ts";
import { emptyRegister, Register } from "../charger/register.rules.ts";

const Wh = z.number().int().min(0);

const Ending = z.object({
  reason: StopReason,
  /** What it is called if it turns out that no energy flowed. */
  abort: z.enum(["plug-in-timeout", "stopped-before-start", "expired", "engine-restart", "charger-fault"]),
});
export type Ending = z.infer<typeof Ending>;

export const OpenSession = Grant.extend({
  /** intent: relay not yet seen closed · charging ⇄ suspended · ending: wished off, waiting for the last figures. */
  phase: z.enum(["intent", "charging", "suspended", "ending"]),
  registerStartWh: Wh,
  intentAt: Stamp,
  startedAt: Stamp.nullable(),
  plugInTimeoutS: z.number().int().min(1),
  limit: Limit.nullable(),
  suspendedAt: Stamp.nullable(),
  /** Its car was seen to have left: what flows from then on is another's. */
  carLeft: z.boolean().optional(),
  /** Our register when the plug was last seen without a car; a journal of an older engine does not know it. */
  leftAtWs: z.number().int().min(0).optional(),
  ending: Ending.nullable(),
});
export type OpenSession = z.infer<typeof OpenSession>;

export const Durable = z.object({
  v: z.literal(1),
  register: Register,
  charger: z
    .object({
      serial: z.string().nullable(),
      lifetimeWh: Wh,
      /** Both counters are told times this; a journal of an older engine does not know it. */
      ctRatio: z.number().int().min(1).optional(),
    })
    .nullable(),
  /** The highest fence ever obeyed or heard in a welcome. */
  fenceFloor: z.number().int().min(0),
  session: OpenSession.nullable(),
  /** The ended session whose car is still plugged: no one else may start. */
  finishing: Sid.nullable(),
  /** False while an operator's stop-cp holds. */
  operative: z.boolean(),
  /** The register when a current that belongs to no session began to flow. */
  orphanFromWh: Wh.nullable(),
  /** Newest last, bounded: the same command id gets the same answer. */
  answers: z.array(Answer),
  /** Sessions stopped before they were heard of, newest last, bounded. */
  tombstones: z.array(Sid),
});
export type Durable = z.infer<typeof Durable>;

export const maxAnswers = 64;
export const maxTombstones = 256;

export interface Config {
  cp: string;
  maxAmps: number;
  /** What to do with a session found open after a restart while its current flows. */
  rebootPolicy: "close" | "resume";
  idleLimitS: number;
  sampleFlushS: number;
  agentVersion: string;
  /** Below this much free disk no session begins. */
  minFreeBytes: number;
}

export interface Volatile {
  reachable: boolean;
  firmware: string | null;
  reading: ChargerReading | null;
  /** Set while the first reading after start is awaited: the start-up table has not been applied yet. */
  starting: boolean;
  /** No reading yet since the start, since the charger fell silent or we stood still: cars may have come and gone. */
  unseen: boolean;
  /** The welcome came: the fence floor is known. */
  welcome: boolean;
  linkUp: boolean;
  helloDueMono: number;
  helloTries: number;
  samples: Reading[];
  flushedMono: number;
  watchEveryMs: number | null;
  watchUntilMono: number;
  /** Readings with an open relay since the wish fell; two in a row settle the meter. */
  openReadings: number;
  persistedWs: number;
  persistedMono: number;
  /** The connector as it was told last. */
  told: Omit<Connector, "registerWh"> | null;
  terminating: boolean;
}

export interface State {
  config: Config;
  durable: Durable;
  now: Volatile;
}

export const emptyDurable = (): Durable => ({
  v: 1,
  register: emptyRegister,
  charger: null,
  fenceFloor: 0,
  session: null,
  finishing: null,
  operative: true,
  orphanFromWh: null,
  answers: [],
  tombstones: [],
});

export const initialState = (config: Config, durable: Durable | null): State => ({
  config,
  durable: durable ?? emptyDurable(),
  now: {
    reachable: false,
    firmware: null,
    reading: null,
    starting: true,
    unseen: true,
    welcome: false,
    linkUp: false,
    helloDueMono: 0,
    helloTries: 0,
    samples: [],
    flushedMono: 0,
    watchEveryMs: null,
    watchUntilMono: 0,
    openReadings: 0,
    persistedWs: durable?.register.registerWs ?? 0,
    persistedMono: 0,
    told: null,
    terminating: false,
  },
});
