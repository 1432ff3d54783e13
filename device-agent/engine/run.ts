// The engine's loop: inputs are queued by callbacks and worked off one after the other; everything that must be
// durable is durable before the next effect, because the journal's commit is synchronous.
import { AckMessage, Downlink, parseJson, type Stamp } from "../../wire/messages/index.ts";
import type { Clock } from "../../wire/process/clock.ts";
import type { Log } from "../../wire/process/log.ts";
import type { Timers } from "../../wire/process/timers.ts";
import type { Charger } from "../charger/port.ts";
import type { Journal } from "../journal/port.ts";
import { openPublisher } from "../journal/publisher.ts";
import { perform } from "./perform.ts";
import { decide, type Input } from "./rules.ts";
import { type Config, Durable, initialState, type State } from "./state.ts";

/** Downlink messages waiting for their turn; beyond this the broker's copy is dropped, Central sends again. */
const maxQueued = 1_000;
const tickMs = 1_000;

export interface EngineParts {
  config: Config;
  journal: Journal;
  charger: Charger;
  clock: Clock;
  timers: Timers;
  random: () => number;
  log: Log;
  publish(payload: string): void;
  /** Called once when SIGTERM's work is done. */
  onExit(): void;
}

export interface Engine {
  readonly state: State;
  /** Monotonic time of the last turn of the loop's clock. */
  readonly tickedMono: number;
  readonly chargerHeardMono: number | null;
  linkUp(up: boolean): void;
  onCommandBytes(payload: Uint8Array): void;
  onAckBytes(payload: Uint8Array): void;
  terminate(): void;
  stop(): void;
}

/** Reads the journal's state, or says which field is wrong: a damaged journal is never guessed at. */
function stateOf(journal: Journal): Durable | null {
  if (journal.state === null) return null;
  const parsed = Durable.safeParse(journal.state);
  if (parsed.success) return parsed.data;
  throw new Error(
    `journal state is damaged (${parsed.error.issues[0]?.path.join(".")}): move the file away to start anew`,
  );
}

export function runEngine(parts: EngineParts): Engine {
  const { config, journal, charger, clock, timers, log } = parts;
  const publisher = openPublisher(journal, parts.publish, clock.monoMs, timers, parts.random);
  let state = initialState(config, stateOf(journal));
  let tickedMono = clock.monoMs();
  let chargerHeardMono: number | null = null;
  const queue: { input: Input; at: Stamp }[] = [];
  let working = false;

  const hands = {
    supply: (supply: Parameters<Charger["want"]>[0]) => charger.want(supply),
    persist: journal.commit.bind(journal),
    log: (level: "info" | "warn", text: string) => log[level](text),
    exit: () => parts.onExit(),
  };

  function enqueue(input: Input): void {
    if (queue.length >= maxQueued) return log.warn(`too much to do, dropped ${input.is}`);
    queue.push({ input, at: clock.stamp() });
    if (!working) work();
  }

  function tick(): void {
    enqueue({ is: "tick", oldestPending: journal.oldestPending() });
  }

  function work(): void {
    working = true;
    for (let next = queue.shift(); next; next = queue.shift()) {
      const decided = decide(state, next.input, next.at);
      // The durable part counts as changed only when it is: a throwing disk ends the process (JournalBroken).
      perform(decided.effects, hands);
      state = decided.state;
    }
    working = false;
    publisher.pump();
  }

  charger.start((event) => {
    if (event.is === "reading") chargerHeardMono = event.reading.mono;
    if (event.is === "unreachable") chargerHeardMono = null;
    const starting = state.now.starting;
    enqueue({ is: "charger", event });
    // The first reading is what a hello waits for.
    if (starting && !state.now.starting) tick();
  });
  enqueue({ is: "start" });
  const cancelTick = timers.every(tickMs, () => {
    tickedMono = clock.monoMs();
    tick();
  });

  return {
    get state() {
      return state;
    },
    get tickedMono() {
      return tickedMono;
    },
    get chargerHeardMono() {
      return chargerHeardMono;
    },
    linkUp(up) {
      publisher.link(up);
      enqueue({ is: "link", up, oldestPending: journal.oldestPending() });
    },
    onCommandBytes(payload) {
      const parsed = parseJson(Downlink, payload);
      if (!parsed.ok) return log.warn(`command ignored: ${parsed.reason}`);
      const message = parsed.value;
      if (message.cp !== config.cp) return log.warn(`command ignored: it is for ${message.cp}`);
      switch (message.kind) {
        case "command":
          return enqueue({ is: "command", command: message, freeBytes: journal.freeBytes() });
        case "welcome":
          return enqueue({ is: "welcome", welcome: message, journal: journal.id, epoch: journal.epoch });
        case "processed":
          if (message.journal === journal.id) journal.forget(message.epoch, message.seq);
          return;
        case "unpark":
          publisher.unpark(message);
      }
    },
    onAckBytes(payload) {
      const parsed = parseJson(AckMessage, payload);
      if (!parsed.ok) return log.warn(`acknowledgement ignored: ${parsed.reason}`);
      publisher.settle(parsed.value);
      if (parsed.value.kind === "nack")
        log.warn(
          `event ${parsed.value.epoch}/${parsed.value.seq} is dead letter ${parsed.value.deadLetter}: ${parsed.value.reason}`,
        );
    },
    terminate: () => enqueue({ is: "terminate" }),
    stop() {
      cancelTick();
      publisher.stop();
    },
  };
}
