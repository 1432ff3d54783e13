// The socket of a worker, served and asked: a JSON line in, a JSON line out, for this user alone.
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { parseJson } from "../../wire/messages/index.ts";
import { WorkerAnswer, WorkerRequest } from "./worker-messages.ts";

const longestLine = 4_096;
const answerWithinMs = 3_000;

/** Serves at `path`, replacing a socket that a killed worker left. Resolves with how to close. */
export async function serveWorker(
  path: string,
  obey: (request: WorkerRequest) => WorkerAnswer,
): Promise<() => Promise<void>> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    const lines = createInterface({ input: socket });
    lines.on("error", () => socket.destroy());
    lines.on("line", (line) => {
      if (line.length > longestLine) {
        socket.destroy();
        return;
      }
      const request = parseJson(WorkerRequest, line);
      const answer: WorkerAnswer = request.ok
        ? obey(request.value)
        : { is: "refused", reason: request.reason };
      socket.write(`${JSON.stringify(answer)}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  return () => new Promise((resolve) => server.close(() => resolve()));
}

/** Asks once. Undefined when no worker answers there in time. */
export async function askWorker(path: string, request: WorkerRequest): Promise<WorkerAnswer | undefined> {
  const socket = connect(path);
  const patience = setTimeout(() => socket.destroy(), answerWithinMs);
  try {
    const text = await new Promise<string | undefined>((resolve) => {
      let heard = "";
      socket.setEncoding("utf8");
      socket.on("data", (chunk: string) => {
        heard += chunk;
        if (heard.endsWith("\n")) resolve(heard);
      });
      socket.on("error", () => resolve(undefined));
      socket.on("close", () => resolve(undefined));
      socket.write(`${JSON.stringify(request)}\n`);
    });
    const parsed = text === undefined ? undefined : parseJson(WorkerAnswer, text);
    return parsed?.ok ? parsed.value : undefined;
  } finally {
    clearTimeout(patience);
    socket.destroy();
  }
}
