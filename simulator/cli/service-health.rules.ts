// What the state of a service's process and its own answer say about its health. Pure.
import type { HealthReply } from "../../device-agent/health/protocol.ts";
import type { ServiceReport } from "../fleet/control-messages.ts";
import type { PointAnswer } from "./central-reading.ts";
import { durationText } from "./text.ts";

export interface Health {
  health: "healthy" | "starting" | "unhealthy" | "stopped";
  /** In one clause. */
  reason: string;
}

/** Decided by the process alone; null when it runs and must be asked. */
export function processHealth({ status, why, sinceMs }: ServiceReport, nowMs: number): Health | null {
  switch (status) {
    case "stopped":
    case "killed":
    case "exited":
    case "crashed":
      return { health: "stopped", reason: why ?? "was not started" };
    case "starting":
      return { health: "starting", reason: `not ready yet, since ${durationText(nowMs - sinceMs)}` };
    case "paused":
      return { health: "unhealthy", reason: "paused: it runs no code until it is unpaused" };
    case "running":
      return null;
  }
}

export const healthy = (reason: string): Health => ({ health: "healthy", reason });
export const unhealthy = (reason: string): Health => ({ health: "unhealthy", reason });

/** `badness` is the monitor's own judgement of the same answer; null when it is good. */
export function engineHealth(reply: HealthReply | null, badness: string | null): Health {
  if (!reply || badness !== null) return unhealthy(badness ?? "no answer on its health socket");
  const heard = reply.chargerHeardMs === null ? "never" : `${durationText(reply.chargerHeardMs)} ago`;
  return healthy(
    [
      `loop ${Math.round(reply.tickAgeMs)} ms ago`,
      "journal writable",
      `charger heard ${heard}`,
      reply.sid === null ? "no session" : `session ${reply.sid}`,
      ...(reply.operative ? [] : ["stopped by an operator"]),
    ].join(", "),
  );
}

/** A monitor proves itself by what Central heard of it. */
export function monitorHealth(answer: PointAnswer, nowMs: number): Health {
  switch (answer.is) {
    case "silent":
      return unhealthy(`not confirmed: ${answer.why}, and only Central hears a monitor`);
    case "unknown":
      return unhealthy("Central has never heard of its charge point");
    case "point": {
      const { point } = answer;
      const age = nowMs - Date.parse(point.monitor_last_seen ?? "");
      const heard = Number.isFinite(age) ? `${durationText(Math.max(0, age))} ago` : "never";
      if (point.state === "DISCONNECTED")
        return unhealthy(`Central shows it Disconnected, heard it ${heard}`);
      const verdict = point.state === "ON" ? "its engine is OK" : "its engine is KO";
      return healthy(`Central heard it ${heard}: ${verdict}`);
    }
  }
}

export interface CentralHealth {
  status: string;
  table: string;
  feed: { age_ms: number | null; stale_since: string | null };
}

export function centralHealth(answer: CentralHealth | string): Health {
  if (typeof answer === "string") return unhealthy(answer);
  if (answer.table !== "reachable") return unhealthy("its table is unreachable");
  const feed = answer.feed.stale_since
    ? `what comes in is stale since ${answer.feed.stale_since}: look at bridge, Kafka and MQTT`
    : `feed ${answer.feed.age_ms ?? 0} ms old`;
  return healthy(`table reachable, ${feed}`);
}

/** The bridge's own sign of life goes through both its sides and ends at Central. */
export function bridgeHealth(answer: CentralHealth | string): Health {
  if (typeof answer === "string")
    return unhealthy(`not confirmed: ${answer}, and its canary ends at Central`);
  const { stale_since, age_ms } = answer.feed;
  if (stale_since) return unhealthy(`its canary has not come through MQTT and Kafka since ${stale_since}`);
  return healthy(`its canary came through MQTT and Kafka ${age_ms ?? 0} ms ago`);
}

/** Values that open something are not shown: secrets by name, and the password inside a URL. */
export function redacted(name: string, value: string): string {
  if (/(TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|KEY)/.test(name) && !/_(PATH|FILE|DIR)$/.test(name))
    return value === "" ? "" : "(hidden)";
  return value.replace(/(\w+:\/\/[^/\s:@]*):[^@\s/]*@/g, "$1:(hidden)@");
}
