// The loop around the phone's rules: one tick a second, every effect performed in its order.
import type { Log } from "../../wire/process/log.ts";
import type { DriverApi } from "./driver-api.ts";
import type { Durable } from "./phone.rules.ts";
import { decide, type Effect, type Input, openPhone, type Phone, type Plan } from "./phone.rules.ts";

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

/** A phone without a page; ends when it is switched off. */
export function runPhone(world: PhoneWorld, durable: Durable): Promise<void> {
  return openPhoneLoop(world, durable).run();
}

export interface PhoneLoop {
  /** Ends when the phone is switched off. */
  run(): Promise<void>;
  phone(): Phone;
  /** Durable when it resolves. What is under way is finished first. */
  pause(paused: boolean): Promise<void>;
}

export function openPhoneLoop(world: PhoneWorld, durable: Durable): PhoneLoop {
  let phone = openPhone(durable, world.now());
  let last: Promise<void> = Promise.resolve();
  const turn = async (input: Input): Promise<void> => {
    const decided = decide(phone, input, world.plan);
    phone = decided.phone;
    for (const effect of decided.effects) {
      const answer = await perform(world, effect, phone.durable);
      if (answer) await turn(answer);
    }
  };
  /** One input after the other, from the loop and from the page. */
  const take = (input: () => Input): Promise<void> => {
    const taken = last.then(() => turn(input()));
    // Whoever gave the input hears of its failure; the next one is not held up by it.
    last = taken.catch(() => undefined);
    return taken;
  };
  return {
    async run() {
      while (!world.isOff()) {
        await take(() => ({ is: "tick", nowMs: world.now(), freshKey: world.freshKey() }));
        await world.pause(tickMs);
      }
    },
    phone: () => phone,
    pause: (paused) => take(() => ({ is: "pause", nowMs: world.now(), paused })),
  };
}

async function perform(world: PhoneWorld, effect: Effect, now: Durable): Promise<Input | undefined> {
  switch (effect.do) {
    case "persist":
      // An answer in between has moved on what was to be kept: what is kept never goes back.
      world.persist(now);
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
