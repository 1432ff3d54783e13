// The supervisor's control socket: takes one request per connection and answers with progress, then the outcome.
import { chmodSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { Complaint } from "./complaint.ts";
import { type ControlAnswer, ControlRequest } from "./control-messages.ts";
import { worldFailureText } from "./world-failure.ts";

export interface ControlServer {
  close(): Promise<void>;
}

/** Answers requests with what `handle` returns; a Complaint becomes a refusal, and so does a failure of the machine. */
export type ControlHandler = (
  request: ControlRequest,
  progress: (text: string) => void,
) => Promise<Extract<ControlAnswer, { is: "done" }>>;

const longestRequestBytes = 1_000_000;

export async function serveControl(path: string, handle: ControlHandler): Promise<ControlServer> {
  rmSync(path, { force: true }); // the lock says that no living supervisor owns it
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy()); // a CLI that was interrupted
    answerOne(socket, handle);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroySoon();
        server.close(() => resolve());
      }),
  };
}

function answerOne(socket: Socket, handle: ControlHandler): void {
  let received = 0;
  socket.on("data", (chunk) => {
    received += chunk.length;
    if (received > longestRequestBytes) socket.destroy();
  });
  const say = (answer: ControlAnswer) => {
    if (!socket.destroyed) socket.write(`${JSON.stringify(answer)}\n`);
  };
  createInterface({ input: socket }).once("line", (line) => {
    const request = parse(line);
    if (!request) {
      say({
        is: "refused",
        message: "this supervisor does not understand the request: is it of another version?",
      });
      socket.end();
      return;
    }
    handle(request, (text) => say({ is: "progress", text }))
      .then(say, (error: unknown) => {
        const message =
          error instanceof Complaint ? error.message : worldFailureText(error, "repeat the command");
        if (message === undefined) throw error;
        say({ is: "refused", message });
      })
      .finally(() => socket.end());
  });
}

function parse(line: string): ControlRequest | undefined {
  try {
    return ControlRequest.safeParse(JSON.parse(line)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
