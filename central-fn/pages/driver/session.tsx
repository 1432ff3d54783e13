// One session of the driver, from the request to the bill: what is shown depends on where it stands.
import { useLive } from "../kit/live.ts";
import { addresses } from "./addresses.ts";
import type { OwnSession } from "./api-types.ts";
import { Charging } from "./charging.tsx";
import { Ended } from "./ended.tsx";
import { Missing } from "./point.tsx";
import { Screen } from "./screen.tsx";
import { endingOf, stageOf } from "./session.rules.ts";
import { SessionActs } from "./session-acts.tsx";
import { lastPoints, ownSessionAt, phone, sessions } from "./store.ts";
import { texts } from "./texts.ts";
import { Waiting } from "./waiting.tsx";
import { Way } from "./way.tsx";

const t = texts.session;

export function Session({ sid }: { sid: string }) {
  // Known ones are followed anyway; one that was opened by its address alone is asked for here.
  const known = sessions.value[sid];
  const asked = useLive(known ? undefined : ownSessionAt(sid), 2_000);
  const session = known ?? asked?.data.value;
  const trouble = asked?.trouble.value;
  if (!session)
    return (
      <Missing
        title={texts.sessions.title}
        text={trouble?.is === "refused" ? t.gone : texts.loading}
        back={addresses.sessions}
      />
    );
  const automatic = phone.value?.automation.session_ids.includes(sid) ?? false;
  return (
    <Screen title={titleOf(session)} back={addresses.sessions}>
      <p class="session-place">
        <a href={addresses.point(session.cp_id)}>
          {[pointName(session.cp_id), session.cp_id].filter(Boolean).join(" · ")}
        </a>
        {automatic ? <span class="tag">{t.byList}</span> : null}
      </p>
      <Content session={session} />
      <SessionActs session={session} />
    </Screen>
  );
}

function Content({ session }: { session: OwnSession }) {
  switch (stageOf(session)) {
    case "asking":
    case "starting":
    case "plug-in":
      return <Way session={session} />;
    case "scheduled":
    case "waiting":
    case "offered":
      return <Waiting session={session} />;
    case "charging":
    case "paused":
    case "interrupted":
    case "stopping":
      return <Charging session={session} />;
    case "over":
      return <Ended session={session} />;
  }
}

/** "Charging", "In line", "Completed" */
export function titleOf(session: Parameters<typeof stageOf>[0]): string {
  const ending = endingOf(session);
  return ending ? t.endings[ending].title : t.stages[stageOf(session)].title;
}

/** As far as it is known here. */
export function pointName(cp: string): string | undefined {
  return lastPoints.value.find(({ cp_id }) => cp_id === cp)?.name;
}
