// The driver API as the phone's behaviour uses it: each answer becomes an input of the phone's rules.
import { type Answer, addressOf, type BodyOf, openClient, orderOf } from "../../central-fn/client/client.ts";
import type { CentralClient } from "./central-client.ts";
import type { Input, Session } from "./phone.rules.ts";
import type { Wish } from "./requests-file.ts";

export interface DriverApi {
  ask(key: string, wish: Wish): Promise<Input>;
  /** Takes the offer of a place in line; the answer waits for the decision, at most 5 s. */
  confirm(sid: string): Promise<Input | undefined>;
  /** The session `sid`, or the current one. */
  look(sid: string | null): Promise<Input>;
  readInbox(after: number): Promise<Input>;
}

type OwnSession = BodyOf<"POST", "/drivers/:driver_id/requests">;
type Failed = Exclude<Answer<never>, { is: "ok" }>;

/** A wrong token, too many requests and a broken server pass; any other refusal is about the request. */
const passing: ReadonlySet<number> = new Set([401, 403, 408, 429]);

export function openDriverApi(central: CentralClient, driver_id: string, now: () => number): DriverApi {
  const { read, order } = openClient(central.transport);
  const param = { driver_id };
  const away = (failed: Failed): Input => ({ is: "unreachable", nowMs: now(), reason: wordsOf(failed) });
  const shown = (session: OwnSession | null): Input => ({
    is: "session",
    nowMs: now(),
    session: session && sessionOf(session),
  });
  return {
    async ask(key, wish) {
      const call = orderOf("POST", "/drivers/:driver_id/requests", { param, json: wish });
      const answer = await order(call, { key });
      if (answer.is === "ok") return { is: "accepted", nowMs: now(), session: sessionOf(answer.body) };
      if (answer.is === "refused" && answer.status < 500 && !passing.has(answer.status))
        return { is: "refused", nowMs: now(), reason: answer.detail };
      return away(answer);
    },
    async confirm(sid) {
      const call = orderOf("POST", "/drivers/:driver_id/requests/:request_id/confirm", {
        param: { ...param, request_id: sid },
      });
      const answer = await order(call, { waitS: 5 });
      // Not decided in time is not confirmed again at once: the next look does that.
      if (answer.is === "ok")
        return { is: "session", nowMs: now(), session: { ...sessionOf(answer.body), offered: false } };
      // There is no offer any more: the next look tells how the request stands.
      if (answer.is === "refused" && (answer.status === 409 || answer.status === 404)) return undefined;
      return away(answer);
    },
    async look(sid) {
      const answer = await read(
        sid === null
          ? addressOf("/drivers/:driver_id/sessions/current", { param })
          : addressOf("/drivers/:driver_id/sessions/:session_id", { param: { ...param, session_id: sid } }),
      );
      if (answer.is === "ok") return shown(answer.body);
      return answer.is === "refused" && answer.status === 404 ? shown(null) : away(answer);
    },
    async readInbox(after) {
      const answer = await read(addressOf("/drivers/:driver_id/notifications", { param, query: { after } }));
      if (answer.is !== "ok") return away(answer);
      const notifications = answer.body.map(({ sequence, type, message }) => ({ sequence, type, message }));
      return { is: "inbox", nowMs: now(), notifications };
    },
  };
}

function sessionOf(answer: OwnSession): Session {
  return {
    session_id: answer.session_id,
    cp_id: answer.cp_id,
    status: answer.status,
    energy_kwh: answer.energy_kwh ?? null,
    cost_eur: answer.cost_eur ?? null,
    power_kw: answer.power_kw ?? null,
    reason: answer.reason ?? answer.command?.reason ?? null,
    place: answer.queue_position ?? null,
    offered: answer.phase === "offered",
  };
}

function wordsOf(failed: Failed): string {
  switch (failed.is) {
    case "same":
      return "Central says that nothing is new, unasked";
    case "refused":
      return `Central answers ${failed.detail}`;
    case "unreachable":
      return `Central cannot be reached (${failed.detail})`;
  }
}
