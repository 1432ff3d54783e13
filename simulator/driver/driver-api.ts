// The driver API as the phone's behaviour uses it: each answer becomes an input of the phone's rules.
import * as z from "zod";
import { errorText } from "../../wire/process/log.ts";
import type { CentralClient } from "./central-client.ts";
import type { Input, Notification, Session } from "./phone.rules.ts";
import type { Wish } from "./requests-file.ts";

const SessionAnswer = z.object({
  session_id: z.string(),
  cp_id: z.string(),
  status: z.enum([
    "PENDING",
    "APPROVED",
    "CHARGING",
    "COMPLETED",
    "DENIED",
    "FAILED",
    "STOPPED",
    "CANCELLED",
  ]),
  energy_kwh: z.number().nullish(),
  cost_eur: z.number().nullish(),
  power_kw: z.number().nullish(),
  reason: z.string().nullish(),
  command: z.object({ reason: z.string().nullish() }).nullish(),
  phase: z.string().nullish(),
  queue_position: z.number().int().nullish(),
});
const NotificationAnswer = z.object({ sequence: z.number().int(), type: z.string(), message: z.string() });
const Problem = z.object({ title: z.string().nullish(), detail: z.string().nullish() });

export interface DriverApi {
  ask(key: string, wish: Wish): Promise<Input>;
  /** Takes the offer of a place in line; the answer waits for the decision, at most 5 s. */
  confirm(sid: string): Promise<Input | undefined>;
  /** The session `sid`, or the current one. */
  look(sid: string | null): Promise<Input>;
  readInbox(after: number): Promise<Input>;
}

export function openDriverApi(central: CentralClient, driver: string, now: () => number): DriverApi {
  const at = (path: string) => `/drivers/${encodeURIComponent(driver)}${path}`;
  const away = (reason: string): Input => ({ is: "unreachable", nowMs: now(), reason });
  const call = async (
    method: string,
    path: string,
    then: (status: number, value: unknown) => Input | Promise<Input>,
    sent: { body?: string; headers?: Record<string, string> } = {},
  ): Promise<Input> => {
    try {
      const { status, value } = await central.json({ method, path: at(path), ...sent });
      return await then(status, value);
    } catch (error) {
      if (error instanceof z.ZodError)
        return away(`Central's answer is not understood: ${error.issues[0]?.message}`);
      return away(`Central cannot be reached (${errorText(error)})`);
    }
  };
  return {
    ask: (key, wish) =>
      call(
        "POST",
        "/requests",
        (status, value) => {
          if (status === 202 || status === 200)
            return { is: "accepted", nowMs: now(), session: sessionOf(value) };
          // A wrong token, too many requests and a broken server pass; any other refusal is about the request.
          if (status >= 400 && status < 500 && ![401, 403, 408, 429].includes(status))
            return { is: "refused", nowMs: now(), reason: problemText(status, value) };
          return away(`Central answers ${problemText(status, value)}`);
        },
        {
          body: JSON.stringify(wish),
          headers: { "content-type": "application/json", "idempotency-key": key },
        },
      ),
    confirm: async (sid) => {
      const path = `/requests/${encodeURIComponent(sid)}/confirm`;
      const answer = await call(
        "POST",
        path,
        (status, value) => {
          // Not decided in time is not confirmed again at once: the next look does that.
          if (status === 202)
            return { is: "session", nowMs: now(), session: { ...sessionOf(value), offered: false } };
          if (status === 409 || status === 404) return { is: "refused", nowMs: now(), reason: "" };
          return away(`Central answers ${problemText(status, value)}`);
        },
        { headers: { prefer: "wait=5" } },
      );
      // There is no offer any more: the next look tells how the request stands.
      return answer.is === "refused" ? undefined : answer;
    },
    look: (sid) =>
      call(
        "GET",
        sid === null ? "/sessions/current" : `/sessions/${encodeURIComponent(sid)}`,
        (status, value) => {
          if (status === 200) return { is: "session", nowMs: now(), session: sessionOf(value) };
          if (status === 204 || status === 404) return { is: "session", nowMs: now(), session: null };
          return away(`Central answers ${problemText(status, value)}`);
        },
      ),
    readInbox: (after) =>
      call("GET", `/notifications?after=${after}`, (status, value) => {
        if (status !== 200) return away(`Central answers ${problemText(status, value)}`);
        const notifications: Notification[] = z.array(NotificationAnswer).parse(value);
        return { is: "inbox", nowMs: now(), notifications };
      }),
  };
}

function sessionOf(value: unknown): Session {
  const answer = SessionAnswer.parse(value);
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

function problemText(status: number, value: unknown): string {
  const problem = Problem.safeParse(value).data;
  return problem?.detail ?? problem?.title ?? `status ${status}`;
}
