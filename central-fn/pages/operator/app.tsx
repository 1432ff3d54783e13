// The page's frame: where one is, where one can go, how fresh it all is; and the view that the address names.
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { Announcer } from "../kit/announce.tsx";
import { nowMs } from "../kit/clock.ts";
import { ageText, clockText } from "../kit/format.ts";
import { place } from "../kit/hash-route.ts";
import { Icon, type IconName } from "../kit/icons.tsx";
import { useCurrentInSight } from "../kit/in-sight.ts";
import { Notice } from "../kit/notice.tsx";
import { token } from "../kit/token.ts";
import { AlertsView } from "./alerts-view.tsx";
import { AuditView } from "./audit-view.tsx";
import { BillView } from "./bill-view.tsx";
import { BillsView } from "./bills-view.tsx";
import { CpView } from "./cp-view.tsx";
import { counts, followFleet, heardAtMs, isStreaming, staleSince, trouble } from "./fleet.ts";
import { FleetView } from "./fleet-view.tsx";
import { LetterView } from "./letter-view.tsx";
import { LettersView } from "./letters-view.tsx";
import { OrderTray } from "./order-tray.tsx";
import { ReviewView } from "./review-view.tsx";
import { ReviewsView } from "./reviews-view.tsx";
import { SessionView } from "./session-view.tsx";
import { SessionsView } from "./sessions-view.tsx";
import { texts } from "./texts.ts";

const views: readonly { name: keyof typeof texts.nav; path: string; icon: IconName }[] = [
  { name: "fleet", path: "", icon: "fleet" },
  { name: "sessions", path: "sessions", icon: "plug" },
  { name: "bills", path: "bills", icon: "bill" },
  { name: "reviews", path: "reviews", icon: "scales" },
  { name: "letters", path: "dead-letters", icon: "letter" },
  { name: "alerts", path: "announcements", icon: "megaphone" },
  { name: "audit", path: "audit", icon: "list" },
];

export function App() {
  useEffect(followFleet, []);
  const [first = "", second] = place.value.path;
  const view = views.find(({ path }) => path === (first === "cp" ? "" : first));
  const strip = useCurrentInSight<HTMLElement>(view?.path ?? "");
  const title = second ?? texts.nav[view?.name ?? "fleet"];
  useEffect(() => {
    document.title = `${title} · ${texts.brand}`;
    window.scrollTo(0, 0);
  }, [title]);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        {texts.skip}
      </button>
      <header class="bar">
        <a class="brand" href="#/">
          <Icon name="bolt" size={22} />
          <span>{texts.brand}</span>
        </a>
        <nav aria-label={texts.nav.label} ref={strip}>
          {views.map(({ name, path, icon }) => (
            <a key={name} href={`#/${path}`} aria-current={view?.path === path ? "page" : undefined}>
              <Icon name={icon} size={18} />
              {texts.nav[name]}
              <Waiting view={name} />
            </a>
          ))}
        </nav>
        <Freshness />
      </header>
      <main id="main" tabIndex={-1}>
        {token.value === null ? <NoToken /> : <Warned>{viewOf(first, second)}</Warned>}
      </main>
      <OrderTray />
      <Announcer />
    </>
  );
}

function viewOf(first: string, second: string | undefined): ComponentChildren {
  switch (first) {
    case "cp":
      return <CpView key={second} id={second ?? ""} />;
    case "sessions":
      return second === undefined ? <SessionsView /> : <SessionView key={second} id={second} />;
    case "bills":
      return second === undefined ? <BillsView /> : <BillView key={second} id={second} />;
    case "reviews":
      return second === undefined ? <ReviewsView /> : <ReviewView key={second} id={second} />;
    case "dead-letters":
      return second === undefined ? <LettersView /> : <LetterView key={second} id={second} />;
    case "announcements":
      return <AlertsView />;
    case "audit":
      return <AuditView />;
    default:
      return <FleetView />;
  }
}

function Waiting({ view }: { view: string }) {
  const { reviews = 0, dead_letters = 0 } = counts.value ?? {};
  const n = view === "reviews" ? reviews : view === "letters" ? dead_letters : 0;
  if (n === 0) return null;
  return (
    <span class="waiting">
      <span aria-hidden="true">{n > 99 ? "99+" : n}</span>
      <span class="only-read">{texts.waiting(n)}</span>
    </span>
  );
}

/** How fresh the page is, in a corner of every view. */
function Freshness() {
  const heard = heardAtMs.value;
  const ageMs = heard === undefined ? undefined : nowMs.value - heard;
  const gone = trouble.value?.is === "unreachable" || (ageMs !== undefined && ageMs > 12_000);
  const text =
    ageMs === undefined
      ? texts.age.connecting
      : gone
        ? texts.age.gone(ageText(heard, nowMs.value))
        : isStreaming.value
          ? texts.age.live
          : texts.age.asking;
  return (
    <span class={`freshness ${gone ? "freshness-gone" : ageMs === undefined ? "" : "freshness-live"}`}>
      <span class="only-read">{texts.age.label}: </span>
      {text}
    </span>
  );
}

/** What the reader must know before believing any view. */
function Warned({ children }: { children: ComponentChildren }) {
  const since = staleSince.value;
  const why = trouble.value;
  return (
    <>
      {why?.is === "unreachable" ? (
        <Notice tone="warning">{texts.unreachable(ageText(heardAtMs.value, nowMs.value))}</Notice>
      ) : why?.is === "refused" ? (
        <Notice tone="error">
          {texts.refusedView}: {why.detail}
        </Notice>
      ) : since === null ? null : (
        <Notice tone="warning">{texts.staleFeed(clockText(since))}</Notice>
      )}
      {children}
    </>
  );
}

function NoToken() {
  return (
    <section class="card panel">
      <h1>{texts.noToken.title}</h1>
      <p>{texts.noToken.text}</p>
    </section>
  );
}
