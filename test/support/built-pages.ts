// The web pages as the fleet's start makes them, for tests that serve them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildPages } from "../../central-fn/pages/build.ts";

export interface MadePages {
  dir: string;
  remove(): void;
}

export async function makePages(): Promise<MadePages> {
  const dir = mkdtempSync(join(tmpdir(), "ev-pages-"));
  await buildPages(join(import.meta.dirname, "../.."), dir);
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
