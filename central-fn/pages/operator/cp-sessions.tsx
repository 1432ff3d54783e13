// The sessions of one charge point, newest first.

import { usePages } from "../kit/pages.ts";
import { sessionsOf } from "./addresses.ts";
import { MoreButton } from "./list-parts.tsx";
import { SessionTable } from "./session-table.tsx";
import { texts } from "./texts.ts";

export function CpSessions({ id }: { id: string }) {
  const sessions = usePages(sessionsOf(id, 50), ({ session_id }) => session_id);
  return (
    <section class="card panel stack">
      <h2>{texts.sessions.title}</h2>
      <SessionTable pages={sessions} without="cp" />
      <MoreButton pages={sessions} />
    </section>
  );
}
