// The protocol's primitive types and frames: what is written is read back, and bytes that make no sense are refused.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Frames } from "../../../../../simulator/brokers/kafka/codec/frames.ts";
import { MalformedRequest, Reader } from "../../../../../simulator/brokers/kafka/codec/reader.ts";
import { Writer } from "../../../../../simulator/brokers/kafka/codec/writer.ts";

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((all) => Buffer.from(all));

/** One value of each type, with how it is written and read. */
type Field = { write(writer: Writer): unknown; read(reader: Reader): unknown; value: unknown };

function field<T>(
  values: fc.Arbitrary<T>,
  write: (writer: Writer, value: T) => unknown,
  read: (reader: Reader) => unknown,
): fc.Arbitrary<Field> {
  return values.map((value) => ({ value, write: (w) => write(w, value), read }));
}

const text = fc.string({ unit: "binary", maxLength: 700 });
const anyField: fc.Arbitrary<Field> = fc.oneof(
  field(
    fc.integer({ min: -128, max: 127 }),
    (w, v) => w.int8(v),
    (r) => r.int8(),
  ),
  field(
    fc.boolean(),
    (w, v) => w.boolean(v),
    (r) => r.boolean(),
  ),
  field(
    fc.integer({ min: -32_768, max: 32_767 }),
    (w, v) => w.int16(v),
    (r) => r.int16(),
  ),
  field(
    fc.integer(),
    (w, v) => w.int32(v),
    (r) => r.int32(),
  ),
  field(
    fc.maxSafeInteger(),
    (w, v) => w.int64(v),
    (r) => r.int64(),
  ),
  field(
    fc.option(text),
    (w, v) => w.string(v),
    (r) => r.nullableString(),
  ),
  field(
    bytes(6_000),
    (w, v) => w.bytes(v),
    (r) => r.bytes(),
  ),
  field(
    fc.array(fc.integer()),
    (w, v) => w.array(v, (one) => w.int32(one)),
    (r) => r.array((one) => one.int32()),
  ),
);

describe("reader and writer", () => {
  test("any sequence of values is read back as it was written, and the size is told right", () => {
    fc.assert(
      fc.property(fc.array(anyField, { maxLength: 60 }), (fields) => {
        const writer = new Writer();
        for (const one of fields) one.write(writer);
        const { size } = writer;
        const all = Buffer.concat([...writer.finish()]);
        expect(all.length).toBe(size);
        const reader = new Reader(all);
        for (const one of fields) expect(one.read(reader)).toEqual(one.value);
        expect(reader.remaining).toBe(0);
      }),
    );
  });

  test("bytes that are cut anywhere end in a refusal, never in a value beyond the end", () => {
    fc.assert(
      fc.property(fc.array(anyField, { minLength: 1, maxLength: 10 }), fc.nat(), (fields, cut) => {
        const writer = new Writer();
        for (const one of fields) one.write(writer);
        const all = Buffer.concat([...writer.finish()]);
        const reader = new Reader(all.subarray(0, cut % all.length));
        expect(() => fields.map((one) => one.read(reader))).toThrow(MalformedRequest);
      }),
    );
  });

  test.each([
    [0, "00"],
    [127, "7f"],
    [128, "8001"],
    [300, "ac02"],
  ])("%i is the variable-length integer %s", (value, hex) => {
    expect(Buffer.concat([...new Writer().uvarint(value).finish()]).toString("hex")).toBe(hex);
  });

  test("an array that claims more items than there are bytes is refused before anything is allocated", () => {
    const claim = Buffer.concat([
      ...new Writer()
        .int32(2 ** 31 - 1)
        .int32(0)
        .finish(),
    ]);
    expect(() => new Reader(claim).array(() => 0)).toThrow(MalformedRequest);
  });
});

describe("frames", () => {
  test("come out whole and in order however the stream is cut", () => {
    const frame = fc.uint8Array({ minLength: 10, maxLength: 300 }).map((all) => Buffer.from(all));
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 90 })),
        (all, cuts) => {
          const stream = Buffer.concat(all.flatMap((one) => [lengthOf(one.length), one]));
          const frames = new Frames(300);
          const got: Buffer[] = [];
          let at = 0;
          for (const cut of [...cuts, stream.length]) {
            got.push(...frames.push(stream.subarray(at, at + cut)).map((one) => Buffer.from(one)));
            at += cut;
          }
          expect(got).toEqual(all);
        },
      ),
    );
  });

  test.each([-1, 0, 9, 301, 2 ** 31 - 1])("a length of %i is refused as soon as it is read", (length) => {
    expect(() => new Frames(300).push(lengthOf(length))).toThrow(MalformedRequest);
  });
});

function lengthOf(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(length);
  return bytes;
}
