// Group commit for the journals of a worker: what hundreds of engines commit within some milliseconds is made durable
// by one fsync.
//
// 1. Nothing that an engine does after a commit leaves the process before that commit is durable: sending, wishes to
//    the charger and exits pass through the gate, in their order, and wait behind it.
// 2. A process that dies with a group under way has told nobody of it: it is as if it had died before.
import type { CommitGroup } from "../../device-agent/journal/sqlite-file.ts";

export interface CommitGate {
  group: CommitGroup;
  /** Does it now, or as soon as the group under way is durable. */
  pass(effect: () => void): void;
}

const shortestMs = 5;
const longestMs = 100;
/** The disk may take so much of the time: one part in four. */
const restPerCommit = 3;

export function openCommitGate(): CommitGate {
  const waiting: (() => void)[] = [];
  let commitMs = 0;
  let end: (() => void) | undefined;

  function commit(): void {
    const durable = end;
    end = undefined;
    const began = performance.now();
    durable?.();
    commitMs = performance.now() - began;
    // An effect may begin the next group; what comes after it waits for that one.
    for (const effect of waiting.splice(0)) pass(effect);
  }

  function pass(effect: () => void): void {
    if (end) waiting.push(effect);
    else effect();
  }

  return {
    group: {
      begin(durable) {
        end = durable;
        setTimeout(commit, Math.min(longestMs, Math.max(shortestMs, restPerCommit * commitMs)));
      },
    },
    pass,
  };
}
