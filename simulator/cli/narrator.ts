// Tells the person at `ev up` what goes on: one line that renews itself on a terminal, plain lines elsewhere, and
// messages to the command that started a detached fleet.
import type { ServiceStatus } from "../fleet/supervisor.ts";
import { columns } from "./text.ts";

/** From a detached fleet to the `ev up --detach` that waits for it. */
export type DetachedNews =
  | { is: "say"; text: string }
  | { is: "started"; lame: number }
  | { is: "failed"; text: string };

export interface Narrator {
  /** True when a picture of the fleet can be drawn. */
  live: boolean;
  say(text: string): void;
  /** How far the start has come: renews its line on a terminal, is told now and then elsewhere. */
  progress(text: string): void;
  /** How many services are to start. */
  expect(count: number): void;
  serviceChanged(status: ServiceStatus, unexpected: boolean, readyCount: number): void;
  /** `lame`: how many services are not running. */
  started(lines: readonly string[], lame: number): void;
  stopping(count: number): void;
}

const progressEveryMs = 3_000;

export function openNarrator(): Narrator {
  const detached = process.send !== undefined;
  const terminal = process.stdout.isTTY === true && !detached;
  let phase: "starting" | "running" | "stopping" = "starting";
  let expected = 0;
  let ended = 0;
  const renew = (text: string) => process.stdout.write(`\r${text}\x1b[K`);
  const say = (text: string) => {
    if (detached && phase === "starting") tellStarter({ is: "say", text });
    if (terminal) process.stdout.write(`\r\x1b[K${text}\n`);
    else process.stdout.write(`${new Date().toISOString()} ${text}\n`);
  };
  let progressMs = Number.NEGATIVE_INFINITY;
  return {
    live: terminal,
    say,
    progress(text) {
      if (phase !== "starting") return;
      if (terminal) return void renew(text);
      if (performance.now() - progressMs < progressEveryMs) return;
      progressMs = performance.now();
      say(text);
    },
    expect(count) {
      expected = count;
      if (terminal) renew(`starting 0/${count} services …`);
    },
    serviceChanged(status, unexpected, readyCount) {
      if (unexpected && phase !== "stopping") say(`${status.name} ${status.why}`);
      if (phase === "starting" && status.status === "running") {
        if (terminal) renew(`starting ${readyCount}/${expected} services … ${status.name}`);
        else if (readyCount % 10 === 0) say(`${readyCount}/${expected} services ready`);
      }
      if (phase === "stopping" && status.pid === null && terminal)
        renew(`stopping ${++ended}/${expected} services …`);
    },
    started(lines, lame) {
      if (detached) for (const line of lines) tellStarter({ is: "say", text: line });
      if (terminal) process.stdout.write("\r\x1b[K");
      process.stdout.write(`${columns(lines.map((line) => [line])).join("\n")}\n`);
      phase = "running";
      if (detached) tellStarter({ is: "started", lame });
    },
    stopping(count) {
      phase = "stopping";
      expected = count;
      say(`stopping ${count} services …`);
    },
  };
}

/** Tells the waiting `ev up --detach`; its going away is no matter of ours. */
export function tellStarter(news: DetachedNews): void {
  if (process.connected) process.send?.(news, undefined, {}, () => {});
}
