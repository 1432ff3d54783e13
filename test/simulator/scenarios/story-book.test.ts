// How a story waits for what it expects, and what it writes down.
import { expect, test } from "vitest";
import { StoryBook, StoryEnds, StoryStopped } from "../../../simulator/scenarios/story-book.ts";

function open() {
  const told: string[] = [];
  return { told, book: new StoryBook((_atMs, text) => told.push(text)) };
}

test("an expectation is measured from the last thing that was done", async () => {
  const { book, told } = open();
  book.act("ev-cp-e-5 killed", ["ev-cp-e-5"]);
  let looks = 0;
  expect(await book.expect("it is seen", { withinS: 5 }, () => ++looks >= 3 && "there")).toBe("there");
  expect(looks).toBe(3);
  expect(book.verdicts).toMatchObject([{ what: "it is seen", ok: true, boundMs: 5_000 }]);
  expect(book.verdicts[0]?.tookMs).toBeGreaterThan(40);
  expect(told[0]).toBe("ev-cp-e-5 killed");
  expect(told[1]).toMatch(/^✓ it is seen {2}\[0\.\d\d s, promised ≤5 s\]$/);
});

test("an instant that is better known than the look counts", async () => {
  const { book } = open();
  const since = book.act("killed", []);
  await book.expect(
    "logged",
    { withinS: 5 },
    () => true,
    () => ({ wallMs: since.wallMs + 2_310 }),
  );
  expect(book.verdicts[0]?.tookMs).toBe(2_310);
});

test("a late one fails and the story goes on", async () => {
  const { book } = open();
  const since = book.act("killed", []);
  await book.expect(
    "late",
    { withinS: 1 },
    () => true,
    () => ({ wallMs: since.wallMs + 1_500 }),
  );
  expect(book.verdicts).toMatchObject([{ what: "late", ok: false, tookMs: 1_500 }]);
});

test("what is seen may be wrong all the same", async () => {
  const { book } = open();
  await book.expect(
    "billed once",
    { withinS: 5 },
    () => 2,
    (times) => ({ wrong: `billed ${times} times` }),
  );
  expect(book.verdicts).toMatchObject([{ ok: false, note: "billed 2 times" }]);
});

test("one that never comes fails and ends the story", async () => {
  const { book } = open();
  // Long past: its bound and the patience beyond it are over.
  const since = { monoMs: performance.now() - 60_000, wallMs: Date.now() - 60_000 };
  const before = performance.now();
  await expect(
    book.expect(
      "never",
      { withinS: 0.02, since },
      () => undefined,
      () => ({}),
      30,
    ),
  ).rejects.toThrow(StoryEnds);
  expect(performance.now() - before).toBeLessThan(2_000);
  expect(book.verdicts).toMatchObject([{ what: "never", ok: false, tookMs: null }]);
});

test("a sample of a figure carries its name, seen or not", async () => {
  const { book } = open();
  await book.expect("x", { withinS: 5, figure: "engine killed → Broken at Central" }, () => true);
  expect(book.verdicts[0]?.figure).toBe("engine killed → Broken at Central");
});

test("whoever plays it may stop it between two looks; what undoes it afterwards is not stopped", async () => {
  const stop = new AbortController();
  const book = new StoryBook(() => {}, stop.signal);
  let looks = 0;
  const waiting = book.expect("never", { withinS: 30 }, () => {
    looks += 1;
    if (looks === 2) stop.abort("stopped by SIGINT");
    return undefined;
  });
  await expect(waiting).rejects.toThrow(new StoryStopped("stopped by SIGINT"));
  expect(looks).toBe(2);
  expect(() => book.act("killed", [])).toThrow(StoryStopped);
  book.close();
  book.act("mended", []);
  expect(book.acts.map(({ text }) => text)).toEqual(["mended"]);
});
