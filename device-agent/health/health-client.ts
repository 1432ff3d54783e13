// The monitor's side of the local socket: asks the engine and never waits longer than the time-out.
//
// 1. One connection is kept open between probes; a time-out or anything odd drops it, the next probe opens anew.
// 2. A reply that lies ready when the time-out fires still counts: the prober may have been the late one.
import { createConnection, type Socket } from "node:net";
import { parseJson } from "../../wire/messages/index.ts";
import { errorText } from "../../wire/process/log.ts";
import {
  type HealthReply,
  type HealthRequest,
  lineCutter,
  maxReplyBytes,
  NumberedReply,
} from "./protocol.ts";

export type ProbeOutcome = { is: "reply"; reply: HealthReply } | { is: "no-answer"; why: string };

export interface Probe {
  /** One question, answered within the time-out or soon after; one at a time. Never rejects. */
  probe(): Promise<ProbeOutcome>;
  close(): void;
}

/** `timeoutMs` counts from the question, connecting included. */
export function openProbe(path: string, timeoutMs: number): Probe {
  let socket: Socket | undefined;
  let n = 0;
  let settle: ((outcome: ProbeOutcome) => void) | undefined;

  const drop = (why: string) => {
    socket?.destroy();
    socket = undefined;
    settle?.({ is: "no-answer", why });
  };
  const hear = (line: string) => {
    const parsed = parseJson(NumberedReply, line);
    if (!parsed.ok) return drop(`invalid answer: ${parsed.reason}`);
    const { n: answered, ...reply } = parsed.value;
    if (answered === n) settle?.({ is: "reply", reply });
  };
  const open = (): Socket => {
    const opened = createConnection(path);
    const cut = lineCutter(maxReplyBytes);
    const isCurrent = () => opened === socket;
    opened.on("data", (chunk: Buffer) => {
      if (!isCurrent()) return;
      const lines = cut(chunk);
      if (lines === null) return drop(`answer above ${maxReplyBytes} bytes`);
      for (const line of lines) hear(line);
    });
    opened.on("error", (error) => isCurrent() && drop(reasonOf(error)));
    opened.on("close", () => isCurrent() && drop("connection closed"));
    return opened;
  };

  return {
    probe: () => {
      if (settle) throw new Error("one probe at a time");
      n += 1;
      const request: HealthRequest = { v: 1, n };
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          // After the sockets were read once more.
          setImmediate(() => settle && drop(`no answer within ${timeoutMs} ms`));
        }, timeoutMs);
        settle = (outcome) => {
          settle = undefined;
          clearTimeout(timer);
          resolve(outcome);
        };
        socket ??= open();
        socket.write(`${JSON.stringify(request)}\n`);
      });
    },
    close: () => drop("closed here"),
  };
}

/** In an operator's words. */
function reasonOf(error: Error): string {
  const code = "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ECONNREFUSED" ? "engine not running" : errorText(error);
}
