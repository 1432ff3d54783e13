// A process that commits pairs in a loop and says, line by line, what was reported to it as done; to be killed.
import { openSqliteTable } from "../../../central-fn/tables/sqlite.ts";

const table = openSqliteTable(process.argv[2] ?? "");
const writeOn = async (writer: number) => {
  for (let n = 1; ; n++) {
    const pk = `writer#${writer}`;
    const result = await table.commit([
      { do: "put", key: { pk, sk: "left" }, value: n, expect: n - 1 },
      { do: "put", key: { pk, sk: "right" }, value: n, expect: n - 1 },
    ]);
    if (result.is !== "done") throw new Error(`conflict at ${n}`);
    process.stdout.write(`${writer} ${n}\n`);
  }
};
await Promise.all([1, 2, 3, 4].map(writeOn));
