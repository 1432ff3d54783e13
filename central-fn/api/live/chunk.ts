// Events in the form of Server-Sent Events (WHATWG HTML §9.2), made once and shared by every stream that sends them.
//
// Compressed, each chunk is deflate blocks that refer to nothing before them and end on a byte: any chunks in a row
// after one gzip header are a gzip stream, so that streams that began at different times share the same bytes.
import { constants, deflateRawSync } from "node:zlib";

export interface Chunk {
  readonly plain: Uint8Array;
  /** Compressed when it is first asked for. */
  packed(): Uint8Array;
}

export interface ServerEvent {
  event: string;
  /** What a client sends as Last-Event-ID when it comes back; without one the last stays. */
  id?: string;
  data: unknown;
}

/** RFC 1952: deflate, no name, no time, unknown system. */
export const gzipHeader = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);

export function eventChunk({ event, id, data }: ServerEvent): Chunk {
  // JSON holds no line break, so the data is one line.
  return textChunk(
    `event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`,
  );
}

/** A line that clients ignore, so that nobody on the way takes the connection for dead. */
export const heartbeat = textChunk(":\n\n");

/** How long a client waits before it comes back. */
export function retryChunk(ms: number): Chunk {
  return textChunk(`retry: ${ms}\n\n`);
}

function textChunk(text: string): Chunk {
  const plain = Buffer.from(text);
  let packed: Uint8Array | undefined;
  return {
    plain,
    packed: () => {
      packed ??= deflateRawSync(plain, { level: 1, finishFlush: constants.Z_SYNC_FLUSH });
      return packed;
    },
  };
}
