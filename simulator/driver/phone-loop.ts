// The loop around the phone's rules: one tick a second, every effect performed in its order.
import type { Log } from "../../wire/process/log.ts";
import type { DriverApi } from "./driver-api.ts";
import type { Durable } from "./phone.rules.ts";
import { decide, type Effect, type Input, openPhone, type Plan } from "./phone.rules.ts";

export interface PhoneWorld {
  api: DriverApi;
  log: Log;
  plan: Plan;
  now(): number;
  freshKey(): string;
  persist(durable: Durable): void;
  /** Resolves after the time, or at once when the phone is switched off. */
  pause(ms: number): Promise<void>;
  isOff(): boolean;
}

const tickMs = 1_000;

export async function runPhone(world: PhoneWorld, durable: Durable): Promise<void> {
  let phone = openPhone(durable, world.now());
  const turn = async (input: Input): Promise<void> => {
    const decided = decide(phone, input, world.plan);
    phone = decided.phone;
    for (const effect of decided.effects) {
      const answer = await perform(world, effect);
      if (answer) await turn(answer);
    }
  };
  while (!world.isOff()) {
    await turn({ is: "tick", nowMs: world.now(), freshKey: world.freshKey() });
    await world.pause(tickMs);
  }
}

async function perform(world: PhoneWorld, effect: Effect): Promise<Input | undefined> {
  switch (effect.do) {
    case "persist":
      world.persist(effect.durable);
      return undefined;
    case "say":
      world.log.info(effect.text);
      return undefined;
    case "ask":
      return world.api.ask(effect.key, effect.wish);
    case "confirm":
      return world.api.confirm(effect.sid);
    case "look":
      return world.api.look(effect.sid);
    case "read-inbox":
      return world.api.readInbox(effect.after);
  }
}
