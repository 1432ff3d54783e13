// How much waits for an operator.

import type { AlertRow } from "../../tables/operator-rows.ts";
import { operatorKeys, operatorPartitions } from "../../tables/operator-rows.ts";
import type { Table } from "../../tables/port.ts";
import type { DeadLetterRow, ReviewRow } from "../../tables/rows.ts";

export const countsPartitions: ReadonlySet<string> = new Set([
  operatorPartitions.deadLetters,
  operatorPartitions.reviews,
  operatorPartitions.alertsUntil,
]);

export async function countsOf(
  table: Table,
  nowMs: number,
): Promise<{ dead_letters: number; reviews: number; alerts: number }> {
  const [letters, reviews, alerts] = await Promise.all([
    table.query<DeadLetterRow>(operatorPartitions.deadLetters),
    table.query<ReviewRow>(operatorPartitions.reviews),
    table.query<AlertRow>(operatorPartitions.alertsUntil, {
      from: operatorKeys.alertUntil(nowMs + 1, "").sk,
    }),
  ]);
  return {
    dead_letters: letters.filter(({ value }) => value.resolved === null).length,
    reviews: reviews.filter(({ value }) => value.settled === null).length,
    alerts: alerts.filter(({ value }) => value.effectiveAtMs <= nowMs).length,
  };
}
