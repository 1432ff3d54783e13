// A process that commits pairs in a loop and says, line by line, what was reported to it as done; to be killed, or to
// lose its table: then it ends.
import { openTable } from "../../central-fn/tables/open.ts";

const [url = "", name = ""] = process.argv.slice(2);
const table = await openTable(url);
const writeOn = async (writer: string) => {
  for (let n = 1; ; n++) {
    const result = await table.commit([
      { do: "put", key: { pk: writer, sk: "left" }, value: n, expect: n - 1 },
      { do: "put", key: { pk: writer, sk: "right" }, value: n, expect: n - 1 },
    ]);
    if (result.is !== "done") throw new Error(`conflict at ${n}`);
    process.stdout.write(`${writer} ${n}\n`);
  }
};
await Promise.all([1, 2, 3, 4].map((n) => writeOn(`${name}#${n}`)));
