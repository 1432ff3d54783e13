// Asks one address again and again over a few kept sockets and counts; nothing is decoded, so that the load weighs
// little against what it measures. Started by central.http.ts; the figures are one line of JSON.
import { connect, type Socket } from "node:net";
import * as z from "zod";

export const Load = z.object({
  host: z.string(),
  port: z.number(),
  path: z.string(),
  headers: z.record(z.string(), z.string()),
  sockets: z.number(),
  seconds: z.number(),
  /** Sends the ETag of the last answer, as a page does that polls. */
  revalidates: z.boolean(),
});
export type Load = z.infer<typeof Load>;

export interface LoadFigures {
  answers: number;
  byStatus: Record<string, number>;
  bytes: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
  mostMs: number;
}

const load = Load.parse(JSON.parse(process.argv[2] ?? ""));
const headersEnd = Buffer.from("\r\n\r\n");
const chunksEnd = Buffer.from("0\r\n\r\n");
const delays: number[] = [];
const byStatus: Record<string, number> = {};
let bytes = 0;
let etag: string | undefined;
const headers = Object.entries({ host: `${load.host}:${load.port}`, ...load.headers })
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join("");

function ask(socket: Socket): void {
  const known = load.revalidates && etag !== undefined ? `if-none-match: ${etag}\r\n` : "";
  socket.write(`GET ${load.path} HTTP/1.1\r\n${headers}${known}\r\n`);
}

/** One socket: the next request goes out when the answer is whole. */
function open(endsAtMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(load.port, load.host);
    socket.setNoDelay(true);
    let head: Buffer = Buffer.alloc(0);
    /** Bytes of the body still to come; undefined: the headers are not whole. Chunked: until its last chunk. */
    let missing: number | "chunked" | undefined;
    let askedAtMs = 0;
    const begin = () => {
      if (performance.now() > endsAtMs) {
        socket.destroy();
        return resolve();
      }
      missing = undefined;
      head = Buffer.alloc(0);
      askedAtMs = performance.now();
      ask(socket);
    };
    const done = () => {
      delays.push(performance.now() - askedAtMs);
      begin();
    };
    const onBody = (data: Buffer) => {
      if (missing === "chunked") {
        if (data.subarray(-chunksEnd.length).equals(chunksEnd)) done();
        return;
      }
      missing = (missing ?? 0) - data.length;
      if (missing === 0) done();
    };
    socket.on("connect", begin);
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the server closed a socket")));
    socket.on("data", (data: Buffer) => {
      bytes += data.length;
      if (missing !== undefined) return onBody(data);
      head = head.length === 0 ? data : Buffer.concat([head, data]);
      const end = head.indexOf(headersEnd);
      if (end < 0) return;
      const text = head.toString("latin1", 0, end);
      const status = text.slice(9, 12);
      byStatus[status] = (byStatus[status] ?? 0) + 1;
      etag = /\r\netag: (.*)/i.exec(text)?.[1]?.trim() ?? etag;
      const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
      missing = length === undefined && status !== "304" ? "chunked" : Number(length ?? 0);
      onBody(head.subarray(end + headersEnd.length));
    });
  });
}

const beganMs = performance.now();
const endsAtMs = beganMs + load.seconds * 1_000;
await Promise.all(Array.from({ length: load.sockets }, () => open(endsAtMs)));
const seconds = (performance.now() - beganMs) / 1_000;
delays.sort((a, b) => a - b);
const at = (q: number) => delays[Math.min(delays.length - 1, Math.floor(q * delays.length))] ?? Number.NaN;
const figures: LoadFigures = {
  answers: delays.length,
  byStatus,
  bytes,
  seconds,
  p50Ms: at(0.5),
  p99Ms: at(0.99),
  mostMs: at(1),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
