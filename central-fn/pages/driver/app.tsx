// The app: which screen is open, the tabs under the thumb, the bar of what runs, and what is said of the connection.
import { useEffect, useRef } from "preact/hooks";
import { Announcer, announce } from "../kit/announce.tsx";
import { place } from "../kit/hash-route.ts";
import { Icon, type IconName } from "../kit/icons.tsx";
import { addresses } from "./addresses.ts";
import { newAlerts } from "./choices.ts";
import { Find } from "./find.tsx";
import { LineNotice } from "./line-notice.tsx";
import { unreadOf } from "./merge.rules.ts";
import { Messages } from "./messages.tsx";
import { NowBar } from "./now-bar.tsx";
import { Point } from "./point.tsx";
import { Session } from "./session.tsx";
import { Sessions } from "./sessions.tsx";
import { requestModes } from "./start.rules.ts";
import { Start } from "./start.tsx";
import { messages, running } from "./store.ts";
import { texts } from "./texts.ts";
import { Toast } from "./toast.tsx";
import { You } from "./you.tsx";

type Tab = "find" | "sessions" | "messages" | "you";

export function App() {
  const main = useRef<HTMLElement>(null);
  const { path } = place.value;
  const [name, id, more] = path;
  return (
    <div class="app">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        {texts.skip}
      </button>
      <Tabs open={tabOf(name)} />
      <div class="column">
        <LineNotice />
        <main ref={main} tabIndex={-1} key={path.join("/")}>
          {screenOf(name, id, more)}
        </main>
        <Toast />
        {name === "sessions" ? null : <NowBar shown={name === "session" ? id : undefined} />}
      </div>
      <Announcer />
    </div>
  );
}

function screenOf(name: string | undefined, id: string | undefined, more: string | undefined) {
  if (name === "point" && id !== undefined) {
    const mode = requestModes.find((one) => one === more);
    return mode ? <Start cp={id} mode={mode} /> : <Point cp={id} />;
  }
  if (name === "session" && id !== undefined) return <Session sid={id} />;
  if (name === "sessions") return <Sessions />;
  if (name === "messages") return <Messages />;
  return name === "you" ? <You /> : <Find />;
}

function tabOf(name: string | undefined): Tab {
  if (name === "session" || name === "sessions") return "sessions";
  return name === "messages" || name === "you" ? name : "find";
}

const icons: Record<Tab, IconName> = { find: "search", sessions: "bolt", messages: "bell", you: "person" };

function Tabs({ open }: { open: Tab }) {
  const unread = unreadOf(messages.value);
  const marks: Record<Tab, number> = {
    find: 0,
    sessions: running.value.length,
    messages: unread + newAlerts.value.length,
    you: 0,
  };
  useEffect(() => {
    if (unread > 0) announce(texts.messages.unread(unread));
  }, [unread]);
  return (
    <nav class="tabs" aria-label={texts.app.name}>
      {(["find", "sessions", "messages", "you"] as const).map((tab) => (
        <a key={tab} class="tab" href={addresses[tab]} aria-current={tab === open ? "page" : undefined}>
          <span class="tab-icon">
            <Icon name={icons[tab]} size={24} />
            {marks[tab] > 0 ? <Mark tab={tab} n={marks[tab]} /> : null}
          </span>
          {texts.tabs[tab]}
        </a>
      ))}
    </nav>
  );
}

function Mark({ tab, n }: { tab: Tab; n: number }) {
  const words = tab === "messages" ? texts.messages.unread(n) : texts.sessions.runningNow(n);
  return (
    <span class={`mark mark-${tab}`}>
      <span aria-hidden="true">{n > 99 ? "99+" : n}</span>
      <span class="only-read">{words}</span>
    </span>
  );
}
