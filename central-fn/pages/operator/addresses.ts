// Lists about one charge point that several views show.
import { addressOf } from "../kit/http.ts";

/** At most 100, newest first. */
export const faultsOf = (cp: string) =>
  addressOf("/cp/:cp_id/faults", { param: { cp_id: cp }, query: { limit: 100 } });

/** So many, newest first. */
export const sessionsOf = (cp: string, limit: number) => addressOf("/sessions", { query: { cp, limit } });
