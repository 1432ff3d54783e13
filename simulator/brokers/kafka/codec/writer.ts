// Writes the primitive types of Kafka responses into a list of buffers, without copying record data.

export class Writer {
  readonly #parts: Buffer[] = [];
  #partsBytes = 0;
  #buffer = Buffer.allocUnsafe(512);
  #at = 0;

  /** Bytes written so far. */
  get size(): number {
    return this.#partsBytes + this.#at;
  }

  int8(value: number): this {
    const at = this.#room(1);
    this.#buffer.writeInt8(value, at);
    return this;
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  int16(value: number): this {
    const at = this.#room(2);
    this.#buffer.writeInt16BE(value, at);
    return this;
  }

  int32(value: number): this {
    const at = this.#room(4);
    this.#buffer.writeInt32BE(value, at);
    return this;
  }

  int64(value: number): this {
    const at = this.#room(8);
    this.#buffer.writeInt32BE(Math.floor(value / 2 ** 32), at);
    this.#buffer.writeUInt32BE(value >>> 0, at + 4);
    return this;
  }

  string(value: string | null): this {
    if (value === null) return this.int16(-1);
    const length = Buffer.byteLength(value);
    this.int16(length);
    const at = this.#room(length);
    this.#buffer.write(value, at, "utf8");
    return this;
  }

  /** Length, then the bytes themselves by reference: they must not change until they are sent. */
  bytes(value: Buffer | readonly Buffer[]): this {
    const parts = Buffer.isBuffer(value) ? [value] : value;
    this.int32(parts.reduce((sum, part) => sum + part.length, 0));
    for (const part of parts) {
      if (part.length === 0) continue;
      this.#close();
      this.#parts.push(part);
      this.#partsBytes += part.length;
    }
    return this;
  }

  array<T>(items: readonly T[], write: (item: T, writer: this) => void): this {
    this.int32(items.length);
    for (const item of items) write(item, this);
    return this;
  }

  /** Unsigned variable-length integer, used by the flexible versions only. */
  uvarint(value: number): this {
    let rest = value;
    while (rest >= 0x80) {
      const at = this.#room(1);
      this.#buffer[at] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    const at = this.#room(1);
    this.#buffer[at] = rest;
    return this;
  }

  /** Everything written, in order. The writer is spent afterwards. */
  finish(): readonly Buffer[] {
    this.#close();
    return this.#parts;
  }

  #room(length: number): number {
    if (this.#at + length > this.#buffer.length) {
      this.#close();
      if (length > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(length);
    }
    const at = this.#at;
    this.#at += length;
    return at;
  }

  /** What is in the buffer becomes a part; the rest of the buffer goes on being used. */
  #close(): void {
    if (this.#at === 0) return;
    this.#parts.push(this.#buffer.subarray(0, this.#at));
    this.#partsBytes += this.#at;
    this.#buffer =
      this.#at + 64 < this.#buffer.length ? this.#buffer.subarray(this.#at) : Buffer.allocUnsafe(4096);
    this.#at = 0;
  }
}
