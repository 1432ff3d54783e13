// Asks Central for the fleet's state, with an operator's token where there is one, and checks what it says.
import * as z from "zod";
import type { CpReading } from "./fleet-view.rules.ts";

const Answer = z.object({
  charging_points: z.array(
    z.object({
      cp_id: z.string(),
      state: z.enum(["ON", "BROKEN", "DISCONNECTED"]),
      engine_state: z.string(),
      current_driver: z.string().nullish(),
      telemetry: z
        .object({ kw: z.number().nullable(), kwh: z.number(), euros: z.number(), session_id: z.string() })
        .nullish(),
    }),
  ),
});

/** Null when Central does not answer in time or not as agreed. */
export async function readCps(centralUrl: string, token: string | null): Promise<CpReading[] | null> {
  try {
    const response = await fetch(`${centralUrl}/cp`, {
      ...(token === null ? {} : { headers: { authorization: `Bearer ${token}` } }),
      signal: AbortSignal.timeout(2_000),
    });
    if (!response.ok) return null;
    const { charging_points } = Answer.parse(await response.json());
    return charging_points
      .map((cp) => ({ ...cp, current_driver: cp.current_driver ?? null, telemetry: cp.telemetry ?? null }))
      .sort((a, b) => a.cp_id.localeCompare(b.cp_id, "en", { numeric: true }));
  } catch (error) {
    if (error instanceof Error) return null; // away, slow, or of another version: the view says so
    throw error;
  }
}
