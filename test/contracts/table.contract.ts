// What every adapter of the table port must do; run for each of them with its own `open`.
import { randomUUID } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Key, Table } from "../../central-fn/tables/port.ts";

/** Declares the suite; `open` is called once, every test keeps to a partition of its own. */
export function tableContract(adapter: string, open: () => Promise<Table>): void {
  describe(`a table in ${adapter}`, () => {
    let table: Table;
    beforeAll(async () => {
      table = await open();
    });
    afterAll(async () => {
      await table?.close();
    });
    const partition = () => `test#${randomUUID()}`;
    const put = (key: Key, value: unknown, expected: number | "any" = 0) =>
      table.commit([{ do: "put", key, value, expect: expected }]);

    it("has nothing under a key that was never written", async () => {
      expect(await table.get({ pk: partition(), sk: "a" })).toBeUndefined();
      expect(await table.query(partition())).toEqual([]);
    });

    it("returns what was put, every kind of JSON and every character", async () => {
      const key = { pk: partition(), sk: "ä€𝄞 #/'\"%" };
      const value = {
        text: "line\n\u0000'\"𝄞",
        n: -1.5e-7,
        big: Number.MAX_SAFE_INTEGER,
        deep: [[null, true, {}]],
      };
      expect(await put(key, value)).toEqual({ is: "done" });
      expect(await table.get(key)).toEqual({ ...key, version: 1, value });
    });

    it("raises the version by one with each write, and starts anew after a delete", async () => {
      const key = { pk: partition(), sk: "a" };
      await put(key, 1, 0);
      await put(key, 2, 1);
      await put(key, 3, "any");
      expect(await table.get(key)).toMatchObject({ version: 3, value: 3 });
      expect(await table.commit([{ do: "delete", key, expect: 3 }])).toEqual({ is: "done" });
      expect(await table.get(key)).toBeUndefined();
      await put(key, 4, "any");
      expect(await table.get(key)).toMatchObject({ version: 1, value: 4 });
    });

    it("answers a wrong expectation with the keys in conflict and changes nothing", async () => {
      const pk = partition();
      const [a, b, c] = [
        { pk, sk: "a" },
        { pk, sk: "b" },
        { pk, sk: "c" },
      ] as const;
      await put(a, "a1");
      await put(b, "b1");
      const result = await table.commit([
        { do: "put", key: a, value: "a2", expect: 1 },
        { do: "put", key: b, value: "b2", expect: 7 },
        { do: "put", key: c, value: "c1", expect: 2 },
      ]);
      expect(result).toEqual({ is: "conflict", keys: [b, c] });
      expect((await table.getMany([a, b, c])).map((row) => row?.value)).toEqual(["a1", "b1", undefined]);
    });

    it("answers conflicts of single writes of every kind", async () => {
      const key = { pk: partition(), sk: "a" };
      const conflict = { is: "conflict", keys: [key] };
      expect(await put(key, 1, 3)).toEqual(conflict);
      expect(await table.commit([{ do: "delete", key, expect: 1 }])).toEqual(conflict);
      expect(await table.commit([{ do: "check", key, expect: 1 }])).toEqual(conflict);
      await put(key, 1);
      expect(await put(key, 2, 0)).toEqual(conflict);
      expect(await table.commit([{ do: "delete", key, expect: 0 }])).toEqual(conflict);
      expect(await table.commit([{ do: "check", key, expect: 0 }])).toEqual(conflict);
      expect(await table.get(key)).toMatchObject({ version: 1, value: 1 });
      expect(await table.commit([{ do: "check", key, expect: 1 }])).toEqual({ is: "done" });
      expect(await table.commit([{ do: "delete", key, expect: "any" }])).toEqual({ is: "done" });
      expect(await table.commit([{ do: "delete", key, expect: "any" }])).toEqual({ is: "done" });
      expect(await table.commit([{ do: "delete", key, expect: 0 }])).toEqual({ is: "done" });
    });

    it("checks a key without changing its version", async () => {
      const pk = partition();
      await put({ pk, sk: "guard" }, "g");
      const write = (expected: number) =>
        table.commit([
          { do: "check", key: { pk, sk: "guard" }, expect: expected },
          { do: "check", key: { pk, sk: "absent" }, expect: 0 },
          { do: "put", key: { pk, sk: "a" }, value: 1, expect: "any" },
        ]);
      expect(await write(2)).toEqual({ is: "conflict", keys: [{ pk, sk: "guard" }] });
      expect(await write(1)).toEqual({ is: "done" });
      expect(await table.get({ pk, sk: "guard" })).toMatchObject({ version: 1 });
      expect(await table.get({ pk, sk: "a" })).toMatchObject({ value: 1 });
    });

    it("puts, deletes and overwrites 100 rows in one commit, and refuses 101 or a key twice", async () => {
      const pk = partition();
      const key = (n: number) => ({ pk, sk: String(n).padStart(3, "0") });
      const writes = (count: number) =>
        Array.from(
          { length: count },
          (_, n) => ({ do: "put", key: key(n), value: n, expect: "any" }) as const,
        );
      expect(await table.commit(writes(100))).toEqual({ is: "done" });
      expect(await table.query(pk)).toHaveLength(100);
      await expect(table.commit(writes(101))).rejects.toThrow(RangeError);
      await expect(table.commit([...writes(1), ...writes(1)])).rejects.toThrow(RangeError);
      await expect(table.commit([])).rejects.toThrow(RangeError);
      const deletes = writes(100).map(({ key }) => ({ do: "delete", key, expect: 1 }) as const);
      expect(await table.commit(deletes)).toEqual({ is: "done" });
      expect(await table.query(pk)).toEqual([]);
    });

    it("refuses values that are no JSON or too large, and empty keys", async () => {
      const key = { pk: partition(), sk: "a" };
      await expect(put(key, undefined)).rejects.toThrow(RangeError);
      await expect(put(key, "x".repeat(350_001))).rejects.toThrow(RangeError);
      await expect(put({ pk: "", sk: "a" }, 1)).rejects.toThrow(RangeError);
      await expect(table.get({ pk: "a", sk: "" })).rejects.toThrow(RangeError);
      expect(await put(key, "x".repeat(349_998))).toEqual({ is: "done" });
      expect((await table.get<string>(key))?.value).toHaveLength(349_998);
    });

    it("orders a query by the bytes of sk, either way, within bounds, prefix and limit", async () => {
      const pk = partition();
      // By UTF-16 units the last two would stand the other way round.
      const sorted = ["A", "a", "a#1", "a#2", "b", "ﬀ", "𝄞"];
      for (const sk of [...sorted].reverse()) await put({ pk, sk }, sk);
      const sks = async (range: Parameters<Table["query"]>[1]) =>
        (await table.query(pk, range)).map(({ sk }) => sk);
      expect(await sks({})).toEqual(sorted);
      expect(await sks({ newestFirst: true })).toEqual([...sorted].reverse());
      expect(await sks({ from: "a", to: "b" })).toEqual(["a", "a#1", "a#2", "b"]);
      expect(await sks({ from: "b" })).toEqual(["b", "ﬀ", "𝄞"]);
      expect(await sks({ to: "a" })).toEqual(["A", "a"]);
      expect(await sks({ to: "b", newestFirst: true, limit: 2 })).toEqual(["b", "a#2"]);
      expect(await sks({ prefix: "a" })).toEqual(["a", "a#1", "a#2"]);
      expect(await sks({ prefix: "a#", limit: 1 })).toEqual(["a#1"]);
      expect(await sks({ limit: 0 })).toEqual([]);
      expect(await sks({ from: "b", to: "a" })).toEqual([]);
      await expect(table.query(pk, { prefix: "a", from: "a" })).rejects.toThrow(RangeError);
    });

    it("returns a partition of many megabytes whole", async () => {
      const pk = partition();
      const value = "x".repeat(300_000);
      for (let n = 0; n < 12; n++) await put({ pk, sk: `large#${n}` }, value);
      expect(await table.query(pk)).toHaveLength(12);
      expect(await table.query(pk, { limit: 7 })).toHaveLength(7);
    });

    it("gets many in the order asked for, with holes and repeats, and at most 100", async () => {
      const pk = partition();
      await put({ pk, sk: "1" }, "one");
      await put({ pk, sk: "2" }, "two");
      const rows = await table.getMany(["2", "none", "1", "2"].map((sk) => ({ pk, sk })));
      expect(rows.map((row) => row?.value)).toEqual(["two", undefined, "one", "two"]);
      expect(await table.getMany([])).toEqual([]);
      const tooMany = Array.from({ length: 101 }, (_, n) => ({ pk, sk: `${n}` }));
      await expect(table.getMany(tooMany)).rejects.toThrow(RangeError);
    });

    it("answers known rows only while their version stands, and reads the others anew", async () => {
      const pk = partition();
      const [a, b, c] = [
        { pk, sk: "a" },
        { pk, sk: "b" },
        { pk, sk: "c" },
      ] as const;
      await put(a, { n: 1 });
      await put(b, { n: 1 });
      const first = await table.query(pk);
      const known = ({ sk }: Key) => first.find((row) => row.sk === sk);
      await put(b, { n: 2 }, 1);
      await put(c, { n: 1 });
      const rows = [
        { ...a, version: 1, value: { n: 1 } },
        { ...b, version: 2, value: { n: 2 } },
        { ...c, version: 1, value: { n: 1 } },
      ];
      expect(await table.query(pk, {}, known)).toEqual(rows);
      expect(await table.query(pk, { newestFirst: true, limit: 2 }, known)).toEqual(rows.slice(1).reverse());
      const gone = { pk, sk: "gone" };
      const knowsGone = (key: Key) => (key.sk === "gone" ? { ...gone, version: 1, value: 7 } : known(key));
      expect(await table.getMany([c, b, gone, a], knowsGone)).toEqual([rows[2], rows[1], undefined, rows[0]]);
    });

    it("loses no count when many writers raise one counter", async () => {
      const key = { pk: partition(), sk: "counter" };
      const other = (writer: number) => ({ pk: key.pk, sk: `writer#${writer}` });
      let conflicts = 0;
      const raise = async (writer: number): Promise<void> => {
        for (;;) {
          const row = await table.get<number>(key);
          const result = await table.commit([
            { do: "put", key, value: (row?.value ?? 0) + 1, expect: row?.version ?? 0 },
            // Every second writer commits two rows at once: both ways must exclude each other.
            ...(writer % 2 === 0
              ? [{ do: "put", key: other(writer), value: 1, expect: "any" } as const]
              : []),
          ]);
          if (result.is === "done") return;
          conflicts++;
        }
      };
      const writers = Array.from({ length: 8 }, async (_, writer) => {
        for (let n = 0; n < 10; n++) await raise(writer);
      });
      await Promise.all(writers);
      expect(await table.get(key)).toMatchObject({ value: 80, version: 80 });
      expect(conflicts).toBeGreaterThan(0);
    });

    it("keeps two rows of one commit equal under every reader's eyes", async () => {
      const pk = partition();
      const pair = [
        { pk, sk: "left" },
        { pk, sk: "right" },
      ] as const;
      let writing = true;
      const write = async () => {
        for (let n = 1; n <= 50; n++)
          await table.commit(pair.map((key) => ({ do: "put", key, value: n, expect: "any" })));
        writing = false;
      };
      const read = async () => {
        while (writing) {
          await nextTurn();
          const [left] = await table.getMany([pair[0]]);
          const [right] = await table.getMany([pair[1]]);
          // Read one after the other: the later reading is never the older state.
          expect(Number(right?.value ?? 0)).toBeGreaterThanOrEqual(Number(left?.value ?? 0));
        }
      };
      await Promise.all([write(), read(), read()]);
    });
  });
}
