// Reads the primitive types of Kafka requests. Every read is checked against the frame's end, so that a broken or
// hostile request is a `MalformedRequest` and never a wild allocation.

/** The bytes are not a request we can follow; the connection that sent them is closed. */
export class MalformedRequest extends Error {}

export class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#take(1));
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  /** Offsets and time stamps stay far below 2^53, so a number holds them exactly. */
  int64(): number {
    const at = this.#take(8);
    return this.#bytes.readInt32BE(at) * 2 ** 32 + this.#bytes.readUInt32BE(at + 4);
  }

  nullableString(): string | null {
    const length = this.int16();
    return length < 0 ? null : this.#text(length);
  }

  string(): string {
    const text = this.nullableString();
    if (text === null) throw new MalformedRequest("null where a string is required");
    return text;
  }

  /** A view into the frame, not a copy; null counts as empty. */
  bytes(): Buffer {
    const length = this.int32();
    if (length < 0) return this.#bytes.subarray(0, 0);
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  nullableArray<T>(read: (reader: Reader) => T): T[] | null {
    const count = this.int32();
    if (count < 0) return null;
    if (count > this.remaining) throw new MalformedRequest(`an array of ${count} in ${this.remaining} bytes`);
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(read(this));
    return items;
  }

  /** Null counts as empty. */
  array<T>(read: (reader: Reader) => T): T[] {
    return this.nullableArray(read) ?? [];
  }

  #text(length: number): string {
    const at = this.#take(length);
    return this.#bytes.toString("utf8", at, at + length);
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at)
      throw new MalformedRequest(`${length} bytes wanted, ${this.remaining} left`);
    this.#at += length;
    return at;
  }
}
