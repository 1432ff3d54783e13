// Announcements of operators to all drivers: made once, ended by their hour or by an operator.
import type { OtherRequest } from "../../wire/messages/index.ts";
import { type AlertRow, operatorKeys } from "../tables/operator-rows.ts";
import type { Key } from "../tables/port.ts";
import { keys } from "../tables/rows.ts";
import type { Draft } from "./draft.ts";
import type { Refused } from "./operator-requests.ts";

type AlertRequest = Extract<OtherRequest, { type: "create-alert" | "end-alert" }>;

export function alertKeys({ alert }: AlertRequest): Key[] {
  return [keys.alert(alert)];
}

export function applyAlert(draft: Draft, request: AlertRequest): Refused {
  const known = draft.get<AlertRow>(keys.alert(request.alert));
  if (request.type === "end-alert") return end(draft, request, known);
  if (known) return "there is one of this id already";
  const { alert: id, title, message, severity, effectiveAt, expiresAt, operator } = request;
  if (expiresAt !== null && expiresAt <= Math.max(effectiveAt, draft.nowMs))
    return "it would have ended before it began";
  const row: AlertRow = {
    id,
    title,
    message,
    severity,
    effectiveAtMs: effectiveAt,
    expiresAtMs: expiresAt,
    by: operator,
    createdAtMs: draft.nowMs,
    ended: null,
  };
  draft.create(keys.alert(id), row);
  draft.overwrite(operatorKeys.alertUntil(expiresAt, id), row);
  return undefined;
}

function end(
  draft: Draft,
  request: Extract<AlertRequest, { type: "end-alert" }>,
  known: AlertRow | undefined,
): Refused {
  if (!known) return "no such alert";
  if (known.ended) return undefined;
  const ended = { by: request.operator, reason: request.reason ?? null, atMs: draft.nowMs };
  draft.put(keys.alert(known.id), { ...known, ended });
  draft.remove(operatorKeys.alertUntil(known.expiresAtMs, known.id));
  return undefined;
}
