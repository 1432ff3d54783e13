// `npm run docs:commands`: writes docs/COMMANDS.md.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandsDocument } from "./commands-document.ts";

writeFileSync(join(import.meta.dirname, "../../docs/COMMANDS.md"), commandsDocument());
