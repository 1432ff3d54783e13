// The operator's commands of this page: sent once each, however often the line breaks, and followed until the device
// or the handler has answered.
import { type ReadonlySignal, signal } from "@preact/signals";
import { announce } from "../kit/announce.tsx";
import { addressOf, type Order as Call, freshKey, read, order as sendOrder } from "../kit/http.ts";
import { refreshLive } from "../kit/live.ts";
import type { Operation } from "./api-types.ts";
import { nextLook, quickMs } from "./orders.rules.ts";
import { texts } from "./texts.ts";

export interface Order {
  key: string;
  /** A name of `texts.orders.names`. */
  type: string;
  /** What it is about, in words. */
  about: string;
  cp: string | undefined;
  /** What is sent. */
  call: Call<Operation>;
  atMs: number;
  /** `unsent`: the server did not get it, as far as this page knows; it may be sent again. */
  state: "sending" | "unsent" | "queued" | "sent" | "applied" | "refused";
  reason: string | undefined;
  requestId: string | undefined;
  reached: number | undefined;
  /** Why its outcome is not looked for any more; undefined: it is, or it is known. */
  unfollowed: string | undefined;
  /** It was looked at, and is out of the corner; its charge point still shows it. */
  dismissed: boolean;
}

const held = signal<readonly Order[]>([]);
/** Newest first. */
export const orders: ReadonlySignal<readonly Order[]> = held;

const keptAtMost = 30;

export type Wish = Pick<Order, "type" | "about" | "cp" | "call">;

/** Sends it and follows it. Resolves with the order as the server took or refused it, or could not be reached. */
export async function give(wish: Wish): Promise<Order> {
  const order: Order = {
    ...wish,
    key: freshKey(),
    atMs: Date.now(),
    state: "sending",
    reason: undefined,
    requestId: undefined,
    reached: undefined,
    unfollowed: undefined,
    dismissed: false,
  };
  held.value = [order, ...held.value].slice(0, keptAtMost);
  return send(order);
}

/** The same request once more, under the same key: it has its effect once. */
export function giveAgain(order: Order): void {
  void send(change(order.key, { state: "sending", reason: undefined }) ?? order);
}

/** Looks for its outcome again, after that was given up. */
export function followAgain(order: Order): void {
  void follow(change(order.key, { unfollowed: undefined }) ?? order);
}

export function dismissOrder(key: string): void {
  change(key, { dismissed: true });
}

async function send(order: Order): Promise<Order> {
  const answer = await sendOrder(order.call, { key: order.key, waitS: 1 });
  switch (answer.is) {
    case "ok": {
      const now = take(order, answer.body);
      if (!isDecided(now)) void follow(order);
      return now;
    }
    case "refused":
      return tell(change(order.key, { state: "refused", reason: answer.detail }) ?? order);
    case "unreachable":
    case "same":
      return change(order.key, { state: "unsent" }) ?? order;
  }
}

async function follow(order: Order): Promise<void> {
  let answeredAtMs = Date.now();
  let inMs = quickMs;
  for (let looked = 1; ; looked++) {
    await new Promise((resolve) => setTimeout(resolve, inMs));
    const known = held.value.find(({ key }) => key === order.key);
    if (!known?.requestId) return;
    const answer = await read(
      addressOf("/operations/:operation_id", { param: { operation_id: known.requestId } }),
    );
    if (answer.is === "ok") {
      if (isDecided(take(order, answer.body))) return;
      answeredAtMs = Date.now();
    }
    const next = nextLook(answer, looked, Date.now() - answeredAtMs);
    if (next.is === "given-up") return giveUp(known, next.why ?? texts.noAnswer);
    inMs = next.inMs;
  }
}

function giveUp(order: Order, why: string): void {
  change(order.key, { unfollowed: why });
  announce(`${nameOf(order)} ${order.about}: ${texts.orders.unfollowed(why)}`);
}

function nameOf({ type }: Order): string {
  return texts.orders.names[type] ?? type;
}

function take(order: Order, { state, reason, request_id, charge_points }: Operation): Order {
  const before = held.value.find(({ key }) => key === order.key)?.state;
  const now = change(order.key, {
    state,
    reason: reason ?? undefined,
    requestId: request_id,
    reached: charge_points ?? undefined,
  });
  if (!now) return order;
  return state === before ? now : tell(now);
}

/** Says it to those who do not see it, and has what it changed looked at. */
function tell(order: Order): Order {
  const state = order.state === "sending" || order.state === "unsent" ? "" : texts.orders.steps[order.state];
  announce(`${nameOf(order)} ${order.about}: ${state}${order.reason ? `, ${order.reason}` : ""}`);
  refreshLive((path) => !path.startsWith("/cp?"));
  return order;
}

export function isDecided({ state }: Order): boolean {
  return state === "applied" || state === "refused";
}

function change(key: string, changed: Partial<Order>): Order | undefined {
  let now: Order | undefined;
  held.value = held.value.map((order) => {
    if (order.key !== key) return order;
    now = { ...order, ...changed };
    return now;
  });
  return now;
}
