// Schemathesis, the fuzzer that is driven by an OpenAPI document: fetched from PyPI once, into the cache.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder, fetchedOnce } from "../../simulator/servers/cache.ts";

const version = "4.32.5";
const run = promisify(execFile);

/** Path of the program. Rejects with what to do when it cannot be had. */
export async function schemathesis(): Promise<string> {
  const name = `schemathesis-${version}`;
  if (!existsSync(join(cacheFolder(), name))) console.log(`fetching ${name} from PyPI, once`);
  const folder = await fetchedOnce(name, async (fresh) => {
    try {
      // A virtual environment does not stand being moved: what is moved is a folder of packages.
      await run(
        "python3",
        ["-m", "pip", "install", "--quiet", "--target", fresh, `schemathesis==${version}`],
        { timeout: 300_000, env: { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: "1" } },
      );
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      throw new Error(
        `schemathesis ${version} could not be fetched from PyPI: it needs python3 with pip, and its index\n${words}`,
        { cause: error },
      );
    }
  });
  return folder;
}
