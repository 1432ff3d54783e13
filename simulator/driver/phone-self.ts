// What a phone tells its page of itself (/phone), and the switch of its automatic requests (/phone/automation).
import type { IncomingMessage, ServerResponse } from "node:http";
import * as z from "zod";
import type { PhoneView } from "../../central-fn/pages/driver/phone.view.ts";
import { byHand, type Phone, type Plan, wishAt } from "./phone.rules.ts";
import type { PhoneLoop } from "./phone-loop.ts";
import { bodyOf } from "./phone-pass-on.ts";
import { problem } from "./phone-problem.ts";

const Switch = z.strictObject({ on: z.boolean() });

export interface PhoneSelf {
  driver: string;
  plan: Plan;
  loop: Pick<PhoneLoop, "phone" | "pause">;
}

/** True when the request was for the phone itself and is answered. */
export async function answerForSelf(
  self: PhoneSelf,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  if (path === "/phone" && request.method === "GET") {
    json(response, phoneView(self.driver, self.loop.phone(), self.plan));
    return true;
  }
  if (path !== "/phone/automation" || request.method !== "PUT") return false;
  const wanted = Switch.safeParse(jsonOf(await bodyOf(request)));
  if (!wanted.success) {
    problem(response, 400, "Bad Request", 'send {"on": true} or {"on": false}');
    return true;
  }
  await self.loop.pause(!wanted.data.on);
  json(response, phoneView(self.driver, self.loop.phone(), self.plan));
  return true;
}

export function phoneView(driver: string, phone: Phone, plan: Plan): PhoneView {
  const { following, next, paused, asked } = phone.durable;
  // While one of the list is under way, what comes next is the one after it.
  const ahead = next + (following && following.key !== byHand ? 1 : 0);
  const wish = wishAt(plan, ahead);
  return {
    driver_id: driver,
    automation: {
      on: !paused,
      requests: plan.wishes.length,
      vehicle_ids: [...new Set([...(wish ? [wish] : []), ...plan.wishes].map((one) => one.vehicle_id))],
      next: wish ? { cp_id: wish.cp_id, number: (ahead % plan.wishes.length) + 1 } : null,
      following: following && {
        cp_id: following.wish.cp_id,
        session_id: following.sid,
        by: following.key === byHand ? "hand" : "list",
      },
      session_ids: asked,
    },
  };
}

function jsonOf(body: Buffer | undefined): unknown {
  try {
    return JSON.parse(body?.toString("utf8") ?? "");
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(value));
}
