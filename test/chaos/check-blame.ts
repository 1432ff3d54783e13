// Faults stay where they happen: sessions at untouched charge points run as if nothing were, and every display of a
// fault has a cause and comes in time.
import type { Stamp } from "../../wire/messages/index.ts";
import { isClosing } from "../support/invariants.ts";
import { type Evidence, feltAt, isShownSomehow, type TimedEvent } from "./evidence.ts";
import type { Fault, History } from "./history.ts";

/** Ends that no driver, car or limit brings about. */
const unusualEnds = new Set([
  "Reboot",
  "PowerLoss",
  "GroundFault",
  "OvercurrentFault",
  "EmergencyStop",
  "Other",
  "engine-restart",
  "charger-fault",
]);
/** Faults of a device before this time may still show in a session. */
const afterglowMs = 15_000;
/** Promised from the engine's fault to BROKEN, and from the monitor's silence to DISCONNECTED (ttl + 1 s). */
const promisedMs = { BROKEN: 6_000, DISCONNECTED: 7_000 };
/** Between an instant and the next look at GET /cp, which may show what is 250 ms old. */
const lookMs = 700;
/** A look without an answer in time proves nothing, for the machine may be busy; so many one after the other do. */
const silenceMs = 10_000;

export interface Blame {
  wrong: string[];
  /** How many displays and detections there were to judge. */
  judged: { samples: number; detections: number };
}

export function blame(evidence: Evidence): Blame {
  const { history } = evidence;
  const wrong = [...sessionBlame(evidence), ...deathBlame(history)];
  const calm = calmFaults(history);
  const detections = history.faults.flatMap((fault) => detection(history, fault) ?? []);
  return {
    wrong: [...wrong, ...calm.wrong, ...detections.flatMap((one) => one.wrong)],
    judged: { samples: calm.judged, detections: detections.length },
  };
}

/** Invariants 15 and 16. A device's links are no part of it: without them its session goes on all the same. */
function sessionBlame({ history, events, wallMs }: Evidence): string[] {
  const stops = new Set(
    (history.kafka["central.commands"] ?? []).flatMap(({ value }) => {
      const message = JSON.parse(value) as { kind: string; op?: string; sid?: string };
      return message.op === "stop-supply" || message.op === "stop-cp" ? [message.sid ?? ""] : [];
    }),
  );
  const wrong: string[] = [];
  for (const [cp, list] of events) {
    const ownFaults = history.faults.filter((fault) => fault.cp === cp && !fault.target.includes("→"));
    const began = new Map<unknown, number>();
    for (const event of list) {
      const { type, body } = event;
      if (type === "answer" && body.op === "start-supply" && body.result === "applied")
        began.set(body.sid, wallMs(event.at));
      const what = unusual(event);
      const untilMs = wallMs(event.at) + 1_000;
      const sinceMs = (began.get(body.sid) ?? untilMs) - afterglowMs;
      const excused = ownFaults.some(
        ({ fromMs, toMs }) => fromMs <= untilMs && toMs + afterglowMs >= sinceMs,
      );
      if (what !== null && !excused) wrong.push(`15 ${body.sid} at untouched ${cp}: ${what}`);
      if (isClosing(event) && body.reason === "Remote" && !stops.has(String(body.sid)))
        wrong.push(`15 ${body.sid} was stopped by nobody`);
    }
  }
  for (const { sid, cp, interrupted, requestedAtMs, endedAtMs } of history.tables.sessions)
    if (interrupted && feltAt(history, cp, requestedAtMs, endedAtMs ?? history.quietAtMs).length === 0)
      wrong.push(`15 ${sid} was flagged interrupted although nothing happened`);
  return wrong;
}

function unusual({ type, body }: TimedEvent): string | null {
  if (type === "session.review") return `review (${body.cause})`;
  if (type === "session.suspended" && body.by === "EVSE") return "suspended by the charger";
  if (type === "session.ended" || type === "session.aborted")
    return unusualEnds.has(String(body.reason)) ? `${type} (${body.reason})` : null;
  return null;
}

/** Invariant 17: only what is struck dies. An engine whose disk is full may end itself, to start from what is durable. */
function deathBlame(history: History): string[] {
  return history.deaths.flatMap(({ service, atMs, why }) => {
    const excused = history.faults.some(
      ({ kind, cp, fromMs, toMs }) =>
        kind === "disk-full" &&
        service === `ev-cp-e-${Number(cp?.replace(/\D/g, ""))}` &&
        fromMs <= atMs &&
        toMs + 2_000 >= atMs,
    );
    return excused ? [] : [`17 ${service} died by itself: ${why}`];
  });
}

/** Invariant 14, first half: where nothing is wrong, nothing is shown. */
function calmFaults(history: History): { wrong: string[]; judged: number } {
  const wrong = new Map<string, string>();
  let judged = 0;
  /** Until when a charge point's display was answered, or its silence excused. */
  const heardMs = new Map<string, number>();
  for (const { atMs, states, stale, late = false } of history.statuses) {
    for (const cp of history.cps) {
      const isExcused = feltAt(history, cp, atMs, atMs).some(isShownSomehow);
      if (!late || isExcused || !heardMs.has(cp)) heardMs.set(cp, atMs);
      const isUnknown = late && atMs - (heardMs.get(cp) ?? atMs) < silenceMs;
      if (isExcused || isUnknown || wasLate(history, atMs - 5_000, atMs)) continue;
      judged += 1;
      const seen = states === null ? "unknown, Central is silent" : stale ? "stale" : states[cp];
      if (seen === "ON") continue;
      const what = `14 ${cp} is ${seen} ${sinceStart(history, atMs)}, and nothing happened to it${lastWord(history, cp, atMs)}`;
      if (!wrong.has(`${cp} ${seen}`)) wrong.set(`${cp} ${seen}`, what);
    }
  }
  return { wrong: [...wrong.values()], judged };
}

/** What its monitor had reported last: where to look for the reason. */
function lastWord({ kafka, monoToWallMs }: History, cp: string, atMs: number): string {
  const last = (kafka["cp.status"] ?? [])
    .map(
      ({ value }) =>
        JSON.parse(value) as { cp: string; at: Stamp; body: { engine?: string; reason?: string } },
    )
    .filter((report) => report.cp === cp && report.at.mono + monoToWallMs <= atMs)
    .sort((a, b) => a.at.mono - b.at.mono)
    .at(-1);
  if (!last) return "";
  const agoS = ((atMs - last.at.mono - monoToWallMs) / 1_000).toFixed(1);
  return `; its monitor ${agoS} s before: ${[last.body.engine, last.body.reason].filter(Boolean).join(", ")}`;
}

/** Invariant 14, second half: what is wrong is shown in time and for as long. Undefined: others' faults blur it. */
function detection(history: History, fault: Fault): { wrong: string[] } | undefined {
  const shown = shownFor(fault);
  if (!shown || fault.cp === null) return undefined;
  const cp = fault.cp;
  const dueMs = fault.fromMs + promisedMs[shown] + lookMs;
  const others = feltAt(history, cp, fault.fromMs, fault.toMs).filter(
    (other) => other !== fault && isShownSomehow(other),
  );
  // It is judged until somebody else's fault begins to blur it.
  const untilMs = Math.min(fault.toMs, ...others.map((other) => other.fromMs)) - lookMs;
  if (wasLate(history, fault.fromMs, untilMs)) return undefined;
  const looks = history.statuses.filter(({ atMs, late }) => !late && atMs >= dueMs && atMs < untilMs);
  if (looks.length === 0) return undefined;
  const missed = looks.find(({ states }) => states?.[cp] !== shown);
  return {
    wrong: missed
      ? [
          `14 ${fault.kind} ${fault.target} ${sinceStart(history, fault.fromMs)}: ${cp} is ${missed.states?.[cp]} ` +
            `${((missed.atMs - fault.fromMs) / 1000).toFixed(1)} s later, not ${shown}`,
        ]
      : [],
  };
}

function shownFor({ kind, target }: Fault): "BROKEN" | "DISCONNECTED" | undefined {
  if ((kind === "kill" || kind === "freeze") && /^ev-cp-e-/.test(target)) return "BROKEN";
  if ((kind === "kill" || kind === "freeze") && /^ev-cp-m-/.test(target)) return "DISCONNECTED";
  if ((kind === "black-hole" || kind === "hold") && /^ev-cp-m-.*mqtt$/.test(target)) return "DISCONNECTED";
  return undefined;
}

function wasLate({ lags }: History, fromMs: number, toMs: number): boolean {
  return lags.some(({ atMs, lateMs }) => atMs >= fromMs && atMs - lateMs <= toMs);
}

function sinceStart({ startedAtMs }: History, atMs: number): string {
  return `at ${((atMs - startedAtMs) / 1000).toFixed(1)} s`;
}
