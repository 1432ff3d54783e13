// A driver's session as the API shows it, for tests of the app's rules.
import { type OwnSession, pendingView } from "../../../../central-fn/api/driver/own-session.view.ts";

export function own(sid: string, more: Partial<OwnSession> = {}): OwnSession {
  return { ...pendingView(sid), command: null, ...more };
}

export const sidAt = (cp: string, n: number) => `S-${cp}-${String(n).padStart(16, "0")}`;
