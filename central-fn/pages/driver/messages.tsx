// Messages: the operator's announcements first, then the inbox, newest first, with what is new marked.
import { useEffect, useState } from "preact/hooks";
import { whenText } from "../kit/format.ts";
import { addressOf, order, orderOf, read } from "../kit/http.ts";
import { Icon, type IconName } from "../kit/icons.tsx";
import { Notice } from "../kit/notice.tsx";
import { addresses } from "./addresses.ts";
import type { AlertView } from "./api-types.ts";
import { sawAlerts } from "./choices.ts";
import { firstGap, type Message, unreadOf, wordsOf } from "./merge.rules.ts";
import { Screen } from "./screen.tsx";
import { alerts, heardMessages, markRead, messages, own, serverMs } from "./store.ts";
import { texts } from "./texts.ts";

const t = texts.messages;
const icons: Record<Message["type"], IconName> = { SESSION: "bolt", QUEUE: "queue", ALERT: "alert" };
/** A glance is enough, a passing by is not. */
const readAfterMs = 1_000;

async function readAll(last: number): Promise<void> {
  const call = own((driver_id) =>
    orderOf("POST", "/drivers/:driver_id/notifications/read", {
      param: { driver_id },
      json: { up_to: last },
    }),
  );
  if (!call || !navigator.onLine) return;
  const answer = await order(call);
  if (answer.is === "ok") markRead(last);
}

export function Messages() {
  const all = messages.value;
  const unread = unreadOf(all);
  const last = all.at(-1)?.sequence ?? 0;
  // What was new when the screen was opened stays marked while it is open.
  const [newFrom] = useState(() => all.find(({ read }) => !read)?.sequence ?? last + 1);
  useEffect(() => {
    if (unread === 0) return;
    const timer = setTimeout(() => void readAll(last), readAfterMs);
    return () => clearTimeout(timer);
  }, [unread, last]);
  useEffect(() => {
    const timer = setTimeout(() => sawAlerts(alerts.value), readAfterMs);
    return () => clearTimeout(timer);
  }, [alerts.value]);
  const gap = firstGap(all);
  const [failed, setFailed] = useState(false);
  const earlier = async () => {
    if (!gap) return;
    const query = { after: gap.after, limit: gap.limit };
    const missing = own((driver_id) =>
      addressOf("/drivers/:driver_id/notifications", { param: { driver_id }, query }),
    );
    const answer = missing && (await read(missing));
    setFailed(answer?.is !== "ok");
    if (answer?.is === "ok") heardMessages(answer.body);
  };
  return (
    <Screen title={t.title}>
      {alerts.value.length > 0 ? (
        <section aria-labelledby="alerts" class="stack">
          <h2 id="alerts" class="part">
            {t.alerts}
          </h2>
          {alerts.value.map((alert) => (
            <Alert key={alert.alert_id} alert={alert} />
          ))}
        </section>
      ) : null}
      {all.length === 0 ? <p class="empty">{t.none}</p> : null}
      <ul class="card list">
        {all.toReversed().map((message) => (
          <Line key={message.sequence} message={message} isNew={message.sequence >= newFrom} />
        ))}
      </ul>
      {gap && failed ? <Notice tone="warning">{t.earlierFailed}</Notice> : null}
      {gap ? (
        <button type="button" class="wide" onClick={() => void earlier()}>
          {t.earlier}
        </button>
      ) : null}
    </Screen>
  );
}

function Line({ message, isNew }: { message: Message; isNew: boolean }) {
  const content = (
    <>
      <span class={`message-icon message-${message.type.toLowerCase()}`}>
        <Icon name={icons[message.type]} />
        <span class="only-read">{t.types[message.type]}</span>
      </span>
      <span class="message-words">
        {wordsOf(message, (atMs) => whenText(atMs, serverMs.value))}
        <span class="faint">
          {whenText(message.created_at, serverMs.value)}
          {isNew ? <b class="message-new"> · {t.isNew}</b> : null}
        </span>
      </span>
      {message.session_id === null ? null : <Icon name="next" size={18} />}
    </>
  );
  return (
    <li>
      {message.session_id === null ? (
        <div class="message">{content}</div>
      ) : (
        <a class="message" href={addresses.session(message.session_id)}>
          {content}
        </a>
      )}
    </li>
  );
}

const severityIcons: Record<AlertView["severity"], IconName> = {
  INFO: "info",
  WARN: "alert",
  CRITICAL: "alert",
};

export function Alert({ alert }: { alert: AlertView }) {
  return (
    <article class={`alert alert-${alert.severity.toLowerCase()}`}>
      <Icon name={severityIcons[alert.severity]} size={22} />
      <div>
        <p class="alert-kind">
          {t.severity[alert.severity]}
          {alert.expires_at === null ? "" : ` · ${t.until(whenText(alert.expires_at, serverMs.value))}`}
        </p>
        <h3>{alert.title}</h3>
        <p>{alert.message}</p>
      </div>
    </article>
  );
}
