// A charge point as Central shows it: a pure mapping from what is stored to the fields of the documents.
import * as z from "zod";
import type { Tariff } from "../../wire/messages/index.ts";
import { costMinor } from "../rules/cost.ts";
import { isOutOfService } from "../rules/out-of-service.ts";
import { type Shown, shownState } from "../rules/status.ts";
import type { CpFacts } from "./fleet.ts";
import { Cost, CpId, DriverId, Instant } from "./schemas.ts";

const Telemetry = z.object({
  kw: z.number().nullable().describe("Null while the charge point is not On: nobody hears what it supplies"),
  kwh: z.number(),
  euros: z.number(),
  session_id: z.string(),
});

export const ShownState = z.enum(["ON", "BROKEN", "DISCONNECTED"]);
export const EngineState = z.enum(["ACTIVATED", "SUPPLYING", "STOPPED", "FAULT", "DISCONNECTED"]);
export const ConnectorStatus = z.enum(["Available", "Occupied", "Unavailable", "Faulted"]);

export const ChargePointView = z.object({
  cp_id: CpId,
  state: ShownState,
  engine_state: EngineState,
  monitor_status: z.enum(["OK", "DOWN"]),
  current_driver: DriverId.nullable().optional().describe("For operators only"),
  last_update: Instant.nullable(),
  monitor_last_seen: Instant.nullable(),
  telemetry: Telemetry.nullable().describe("While it charges"),
  connector_status: ConnectorStatus,
  charging_state: z.enum(["Idle", "EVConnected", "Charging", "SuspendedEV"]),
  evse_id: z.int(),
  energy_wh: z.int().nullable(),
  cost: Cost.nullable(),
});
export type ChargePointView = z.infer<typeof ChargePointView>;

/** Status as of now, on the bridge's clock. */
export function shownOf({ cp, feed }: CpFacts): Shown {
  return shownState(cp, feed);
}

export function chargePointView(facts: CpFacts, forOperator: boolean): ChargePointView {
  const { cp, feed, live, session } = facts;
  const { state } = shownOf(facts);
  const charging = isCharging(facts);
  const figures = charging && live ? figuresOf(live.sessionWh, session?.tariff ?? cp.tariff) : undefined;
  const heardMs = Math.max(feed?.heard[cp.cp] ?? 0, cp.health?.sinceMs ?? 0);
  const updatedMs = Math.max(
    heardMs,
    cp.engine?.stampIngestMs ?? 0,
    live?.ingestMs ?? 0,
    cp.registeredAtMs ?? 0,
  );
  return {
    cp_id: cp.cp,
    state,
    engine_state: engineState(facts, state, charging),
    monitor_status: state === "DISCONNECTED" ? "DOWN" : "OK",
    ...(forOperator && { current_driver: holdsDriver(facts) ? (cp.claim?.driver ?? null) : null }),
    last_update: instant(updatedMs),
    monitor_last_seen: instant(heardMs),
    telemetry:
      figures && live
        ? {
            kw: state === "ON" ? live.powerW / 1_000 : null,
            kwh: live.sessionWh / 1_000,
            euros: figures.amount_minor / 100,
            session_id: live.sid ?? "",
          }
        : null,
    connector_status: connectorStatus(facts, state),
    charging_state: chargingState(facts, charging),
    evse_id: 1,
    energy_wh: figures && live ? live.sessionWh : null,
    cost: figures ?? null,
  };
}

/** A car gets energy, by the device's word or by figures that came before it. */
export function isCharging({ cp, live }: CpFacts): boolean {
  const { claim } = cp;
  if (!claim || claim.state === "finishing") return false;
  return claim.state === "charging" || (live !== undefined && live.powerW > 0);
}

/** A claim that waits for its car or charges; after the end only the car is still there. */
export function holdsDriver({ cp }: CpFacts): boolean {
  return cp.claim !== null && cp.claim.state !== "finishing";
}

export function figuresOf(
  energyWh: number,
  tariff: Tariff | null,
): { amount_minor: number; currency: "EUR" } | undefined {
  return tariff ? { amount_minor: costMinor(energyWh, tariff.priceE5PerKwh), currency: "EUR" } : undefined;
}

function engineState(
  { cp }: CpFacts,
  state: ChargePointView["state"],
  charging: boolean,
): ChargePointView["engine_state"] {
  if (state === "DISCONNECTED") return "DISCONNECTED";
  if (state === "BROKEN") return "FAULT";
  // The engine's own word: an operator's stop that it has not answered yet is not its state.
  if (cp.engine?.operative === false) return "STOPPED";
  return charging ? "SUPPLYING" : "ACTIVATED";
}

function connectorStatus(
  facts: CpFacts,
  state: ChargePointView["state"],
): ChargePointView["connector_status"] {
  if (state === "BROKEN") return "Faulted";
  if (state === "DISCONNECTED") return "Unavailable";
  if (isTaken(facts)) return "Occupied";
  return isOutOfService(facts.cp) ? "Unavailable" : "Available";
}

function chargingState({ cp, session }: CpFacts, charging: boolean): ChargePointView["charging_state"] {
  if (charging) return session?.rank === "SUSPENDED" ? "SuspendedEV" : "Charging";
  return cp.engine?.plugged ? "EVConnected" : "Idle";
}

/** Claimed, or a car is plugged in. */
export function isTaken({ cp }: CpFacts): boolean {
  return cp.claim !== null || (cp.engine?.plugged ?? false);
}

/** ISO 8601 in UTC; null for never. */
export function instant(atMs: number | null): string | null {
  return atMs === null || atMs === 0 ? null : new Date(atMs).toISOString();
}
