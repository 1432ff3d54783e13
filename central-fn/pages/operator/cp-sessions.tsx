// The sessions of one charge point, newest first.
import { usePages } from "../kit/pages.ts";
import type { SessionRecord } from "./api-types.ts";
import { MoreButton } from "./list-parts.tsx";
import { SessionTable } from "./session-table.tsx";
import { texts } from "./texts.ts";

export function CpSessions({ id }: { id: string }) {
  const sessions = usePages<SessionRecord>(
    `/sessions?limit=50&cp=${encodeURIComponent(id)}`,
    ({ session_id }) => session_id,
  );
  return (
    <section class="card panel stack">
      <h2>{texts.sessions.title}</h2>
      <SessionTable pages={sessions} without="cp" />
      <MoreButton pages={sessions} />
    </section>
  );
}
