// The routing table: which handler plans for which record.
import { DriverRequest, type Envelope, parseEnvelope, parseJson } from "../../wire/messages/index.ts";
import { answer } from "./answer.ts";
import { connector } from "./connector.ts";
import type { EventRoute, Routed } from "./device-event.ts";
import { planConfirm } from "./driver-confirm.ts";
import { planFavorite, planRead } from "./driver-own.ts";
import { planStart } from "./driver-start.ts";
import { planStop } from "./driver-stop.ts";
import type { HeardMemory } from "./heard.ts";
import { hello } from "./hello.ts";
import type { PlanOf } from "./plan.ts";
import { registration } from "./registration.ts";
import { orphan, sessionAborted, sessionReview } from "./session-closed.ts";
import { sessionEnded } from "./session-ended.ts";
import { sessionResumed, sessionStarted, sessionSuspended } from "./session-started.ts";

/** What a device says on cp.events. */
export const deviceRoutes: Readonly<Record<string, EventRoute>> = {
  registration,
  hello,
  connector,
  answer,
  orphan,
  "session.started": sessionStarted,
  "session.suspended": sessionSuspended,
  "session.resumed": sessionResumed,
  "session.ended": sessionEnded,
  "session.aborted": sessionAborted,
  "session.review": sessionReview,
};

export interface Settings {
  /** Partitions of every topic. */
  partitions: number;
  /** Of a process that handles batch after batch; without, nothing outlives a batch. */
  heard?: HeardMemory;
}

export function routeEvent(event: Envelope, ingestMs: number, nowMs: number): Routed {
  const route = Object.hasOwn(deviceRoutes, event.type) ? deviceRoutes[event.type] : undefined;
  if (!route) return { ok: false, reason: `${event.type}: this version has no handler for it` };
  return route(event, ingestMs, nowMs);
}

export function routeEventBytes(value: Uint8Array, ingestMs: number, nowMs: number): Routed {
  const parsed = parseEnvelope(value);
  return parsed.ok ? routeEvent(parsed.value, ingestMs, nowMs) : parsed;
}

export function routeDriverRequest(value: Uint8Array, settings: Settings, nowMs: number): Routed {
  const parsed = parseJson(DriverRequest, value);
  return parsed.ok ? { ok: true, plan: planOfDriver(parsed.value, settings, nowMs) } : parsed;
}

function planOfDriver(request: DriverRequest, settings: Settings, nowMs: number): PlanOf {
  switch (request.type) {
    case "start":
      return (rows) => planStart(rows, request, settings.partitions, nowMs);
    case "cancel":
    case "stop":
      return (rows) => planStop(rows, request, nowMs);
    case "confirm":
      return (rows) => planConfirm(rows, request, settings.partitions, nowMs);
    case "favorite":
      return (rows) => planFavorite(rows, request, nowMs);
    case "read":
      return (rows) => planRead(rows, request, nowMs);
  }
}
