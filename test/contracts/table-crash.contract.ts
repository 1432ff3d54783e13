// What every table keeps when the process that holds its data is killed in the middle of many commits.
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openTable } from "../../central-fn/tables/open.ts";

export interface CrashingTable {
  /** TABLE_URL. */
  url(): string;
  /**
   * Kills what holds the data, which may be the writer itself, then the writer, and only then makes the table usable
   * again: else its last commit, tried once more, could come between two looks of the judge.
   */
  crash(writer: ChildProcess): Promise<void>;
  /** How many of the last answers before the crash may be forgotten; default none. */
  forgets?: number;
}

const enough = 300;

export function tableCrashContract(adapter: string, crashing: CrashingTable): void {
  describe(`a table in ${adapter} that is killed in the middle of commits`, () => {
    it("has everything that was answered, and no half of a commit", { timeout: 120_000 }, async () => {
      const name = `writer-${randomUUID()}`;
      const writer = spawn(
        process.execPath,
        [join(import.meta.dirname, "table-writer.ts"), crashing.url(), name],
        { stdio: ["ignore", "pipe", "pipe"] },
      );
      let said = "";
      writer.stderr.on("data", (text) => {
        said += text;
      });
      const gone = new Promise((resolve) => writer.once("close", resolve));
      const answers: { pk: string; n: number }[] = [];
      const written = new Promise<void>((resolve) => {
        let rest = "";
        writer.stdout.on("data", (bytes: Buffer) => {
          const whole = (rest + bytes.toString()).split("\n");
          rest = whole.pop() ?? "";
          for (const line of whole) {
            const [pk = "", n] = line.split(" ");
            answers.push({ pk, n: Number(n) });
          }
          if (answers.length >= enough) resolve();
        });
      });
      await Promise.race([written, gone]);
      expect(answers.length, said).toBeGreaterThanOrEqual(enough);
      const certain = answers.slice(0, answers.length - (crashing.forgets ?? 0));
      await crashing.crash(writer);
      await gone;
      const reported = new Map<string, number>();
      for (const { pk, n } of certain) reported.set(pk, n);
      expect(reported.size).toBe(4);
      const table = await openTable(crashing.url());
      for (const [pk, n] of reported) {
        const [left, right] = await table.query<number>(pk);
        expect(left?.value).toBeGreaterThanOrEqual(n);
        expect(right?.value).toBe(left?.value);
        expect(left?.version).toBe(left?.value);
        // It goes on where it was, under the version that it has.
        const next = { do: "put", key: { pk, sk: "left" }, value: 0, expect: left?.version ?? 0 } as const;
        expect(await table.commit([next])).toEqual({ is: "done" });
      }
      await table.close();
    });
  });
}
