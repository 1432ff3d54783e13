// Cuts a TCP stream into requests: each is a 4-byte length and that many bytes.
import { MalformedRequest } from "./reader.ts";

/** API key, version, correlation id and client id: nothing shorter is a request. */
const leastBytes = 10;

export class Frames {
  readonly #mostBytes: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Body length of the frame in progress; -1 while its length is not known. */
  #wanted = -1;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** The requests completed by this chunk. Throws `MalformedRequest` on a length that no request has. */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const complete: Buffer[] = [];
    for (;;) {
      if (this.#wanted < 0) {
        if (this.#bytes < 4) return complete;
        this.#wanted = this.#cut(4).readInt32BE(0);
        if (this.#wanted < leastBytes || this.#wanted > this.#mostBytes)
          throw new MalformedRequest(`a request of ${this.#wanted} bytes (most: ${this.#mostBytes})`);
      }
      if (this.#bytes < this.#wanted) return complete;
      complete.push(this.#cut(this.#wanted));
      this.#wanted = -1;
    }
  }

  /** Takes `length` bytes that are known to be there; joins chunks only here, once per frame. */
  #cut(length: number): Buffer {
    const first = this.#chunks[0];
    const all = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    this.#bytes -= length;
    this.#chunks = this.#bytes > 0 ? [all.subarray(length)] : [];
    return all.subarray(0, length);
  }
}
