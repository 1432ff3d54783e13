// Announcements to all drivers: made here, and ended here.

import { useState } from "preact/hooks";
import { nowMs } from "../kit/clock.ts";
import { whenText } from "../kit/format.ts";
import { addressOf, orderOf } from "../kit/http.ts";
import { usePages } from "../kit/pages.ts";
import { StatusBadge, type StatusKind } from "../kit/status.tsx";
import type { Alert } from "./api-types.ts";
import { AskAlert } from "./ask-alert.tsx";
import { AskDialog } from "./ask-dialog.tsx";
import { Loaded, MoreButton, ViewHead } from "./list-parts.tsx";
import { give } from "./orders.ts";
import { texts } from "./texts.ts";

const kinds: Record<Alert["severity"], StatusKind> = {
  INFO: "charging",
  WARN: "stopped",
  CRITICAL: "broken",
};

export function AlertsView() {
  const [asked, setAsked] = useState(false);
  const alerts = usePages(addressOf("/alerts", { query: { limit: 100 } }), ({ alert_id }) => alert_id);
  const words = texts.alerts;
  return (
    <>
      <ViewHead title={words.title} text={words.text}>
        <div class="acts">
          <button type="button" class="button-main" onClick={() => setAsked(true)}>
            {words.create}
          </button>
        </div>
      </ViewHead>
      {asked ? <AskAlert onClose={() => setAsked(false)} /> : null}
      <Loaded pages={alerts}>
        {(rows) => (
          <ul class="stack">
            {rows.length === 0 ? <li class="card panel faint">{words.none}</li> : null}
            {rows.map((alert) => (
              <AlertCard key={alert.alert_id} alert={alert} />
            ))}
          </ul>
        )}
      </Loaded>
      <MoreButton pages={alerts} />
    </>
  );
}

function AlertCard({ alert }: { alert: Alert }) {
  const words = texts.alerts;
  const now = nowMs.value;
  const until = alert.expires_at === null ? words.always : whenText(alert.expires_at, now);
  return (
    <li class={`card panel alert alert-${alert.state}`}>
      <div class="stack">
        <p class="row">
          <StatusBadge
            kind={alert.state === "over" ? "idle" : kinds[alert.severity]}
            icon={alert.severity === "INFO" ? "info" : "alert"}
            word={words.severities[alert.severity]}
          />
          <b>{words.states[alert.state]}</b>
          <span class="faint">{words.at(whenText(alert.effective_at, now), until)}</span>
        </p>
        <h2>{alert.title}</h2>
        <p>{alert.message}</p>
        <p class="faint">
          {words.by(alert.created_by, whenText(alert.created_at, now))}
          {alert.ended ? ` · ${words.ended(alert.ended.by, whenText(alert.ended.at, now))}` : ""}
        </p>
      </div>
      {alert.state === "over" ? null : <EndAlert alert={alert} />}
    </li>
  );
}

function EndAlert({ alert }: { alert: Alert }) {
  const [asked, setAsked] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setAsked(true)}>
        {texts.alerts.end}
      </button>
      {asked ? (
        <AskDialog
          {...texts.alerts.endAsk}
          reason="optional"
          onClose={() => setAsked(false)}
          onAct={(reason) =>
            void give({
              type: "end-alert",
              about: alert.title,
              cp: undefined,
              call: orderOf("POST", "/alerts/:alert_id/end", {
                param: { alert_id: alert.alert_id },
                json: { reason },
              }),
            })
          }
        />
      ) : null}
    </>
  );
}
