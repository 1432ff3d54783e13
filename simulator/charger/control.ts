// The control socket of a simulated charger: JSON lines over a unix socket of this user, served and asked.
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { dirname } from "node:path";
import {
  type ChargerStatus,
  type ControlAnswer,
  type ControlCommand,
  type FaultKind,
  longestCommand,
  readCommand,
} from "./control.messages.ts";

export interface ControlServer {
  close(): Promise<void>;
}

/** Serves commands at `path`. @throws when another process serves there already. */
export async function serveControl(
  path: string,
  obey: (command: ControlCommand) => ControlAnswer,
): Promise<ControlServer> {
  mkdirSync(dirname(path), { recursive: true });
  if (await answers(path))
    throw new Error(`${path} is in use: another charger process serves there, stop it first`);
  rmSync(path, { force: true });
  const clients = new Set<Socket>();
  const server = createServer((socket) => {
    clients.add(socket);
    socket.on("close", () => clients.delete(socket));
    socket.on("error", () => socket.destroy());
    const answer = (text: string) => socket.write(`${JSON.stringify(reply(text, obey))}\n`);
    readLines(socket, answer, () => {
      const error = `line longer than ${longestCommand} bytes: send one short JSON object per line`;
      socket.end(`${JSON.stringify({ ok: false, error })}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    // The socket is this user's alone from its first moment.
    const before = process.umask(0o177);
    server.listen(path, resolve);
    process.umask(before);
  });
  chmodSync(path, 0o600);
  return {
    close: () => {
      for (const client of clients) client.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function reply(line: string, obey: (command: ControlCommand) => ControlAnswer): ControlAnswer {
  const read = readCommand(line);
  return "error" in read ? { ok: false, error: read.error } : obey(read.command);
}

/** Calls `onLine` per line; `onLong` once when one grows too long, and no more after that. */
function readLines(socket: Socket, onLine: (line: string) => void, onLong: (() => void) | null): void {
  let rest = "";
  let dead = false;
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    if (dead) return;
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (onLong !== null && Buffer.byteLength(line) > longestCommand) dead = true;
      else if (!dead && line.trim() !== "") onLine(line);
    }
    if (onLong !== null && Buffer.byteLength(rest) > longestCommand) dead = true;
    if (dead) onLong?.();
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.on("error", () => resolve(false));
  });
}

/** Typed access to a charger's control socket; every call answers with the status after it, or why not. */
export interface ChargerControl {
  do(command: ControlCommand): Promise<ControlAnswer>;
  status(): Promise<ChargerStatus>;
  plug(car?: { needWh?: number; maxW?: number }): Promise<ControlAnswer>;
  unplug(): Promise<ControlAnswer>;
  battery(needWh: number): Promise<ControlAnswer>;
  fault(kind: FaultKind): Promise<ControlAnswer>;
  mains(on: boolean): Promise<ControlAnswer>;
  cars(mode: "auto" | "none"): Promise<ControlAnswer>;
  glitch(): Promise<ControlAnswer>;
  reset(): Promise<ControlAnswer>;
  mute(ms: number): Promise<ControlAnswer>;
  corrupt(frames: number): Promise<ControlAnswer>;
  button(long?: boolean): Promise<ControlAnswer>;
  close(): void;
}

const answerWithinMs = 3000;

/** Connects to `path`. Calls reject when the charger's process is gone or does not answer within 3 s. */
export async function openChargerControl(path: string): Promise<ChargerControl> {
  const socket = connect(path);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", (error) =>
      reject(new Error(`charger control ${path}: ${error.message}; is it running?`)),
    );
  });
  const waiting: { resolve(answer: ControlAnswer): void; reject(error: Error): void }[] = [];
  const fail = (error: Error) => {
    for (const one of waiting.splice(0)) one.reject(error);
  };
  socket.on("error", fail);
  socket.on("close", () => fail(new Error(`charger control ${path}: connection closed`)));
  readLines(socket, (line) => waiting.shift()?.resolve(JSON.parse(line) as ControlAnswer), null);
  const send = (command: ControlCommand) =>
    new Promise<ControlAnswer>((resolve, reject) => {
      if (socket.destroyed) return reject(new Error(`charger control ${path}: connection closed`));
      const patience = setTimeout(
        () => socket.destroy(new Error(`charger control ${path}: no answer within ${answerWithinMs} ms`)),
        answerWithinMs,
      );
      const settled =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          clearTimeout(patience);
          then(value);
        };
      waiting.push({ resolve: settled(resolve), reject: settled(reject) });
      socket.write(`${JSON.stringify(command)}\n`);
    });
  return {
    do: send,
    status: async () => {
      const answer = await send({ do: "status" });
      if (!answer.ok) throw new Error(answer.error);
      return answer.status;
    },
    plug: (car) => send(car === undefined ? { do: "plug" } : { do: "plug", car }),
    unplug: () => send({ do: "unplug" }),
    battery: (needWh) => send({ do: "battery", needWh }),
    fault: (kind) => send({ do: "fault", kind }),
    mains: (on) => send({ do: "mains", on }),
    cars: (mode) => send({ do: "cars", mode }),
    glitch: () => send({ do: "glitch" }),
    reset: () => send({ do: "reset" }),
    mute: (ms) => send({ do: "mute", ms }),
    corrupt: (frames) => send({ do: "corrupt", frames }),
    button: (long = false) => send({ do: "button", long }),
    close: () => socket.destroy(),
  };
}
