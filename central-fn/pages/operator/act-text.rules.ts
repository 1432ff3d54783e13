// An operator's act as a sentence.
import type { Act } from "./api-types.ts";
import { texts } from "./texts.ts";

export function actText({ operator_id, action, reason, outcome, refused_because }: Act): string {
  const name = (texts.orders.names[action] ?? action).toLowerCase();
  const why = reason === null ? "" : `: ${reason}`;
  const refused = outcome === "refused" ? ` (${texts.audit.refused(refused_because ?? texts.unknown)})` : "";
  return `${operator_id}, ${name}${why}${refused}`;
}
