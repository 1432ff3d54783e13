// The command reference is what the command line knows, and the guides show every verb at work.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commandsDocument } from "../../../simulator/cli/commands-document.ts";
import { helpLines, verbNames, verbs } from "../../../simulator/cli/help.ts";
import { foreignOption, optionHelp } from "../../../simulator/cli/option-help.ts";
import { shellBlocksIn } from "../../support/command-lines.ts";

const docs = join(import.meta.dirname, "../../../docs");

test("docs/COMMANDS.md is what `npm run docs:commands` writes", () => {
  expect(readFileSync(join(docs, "COMMANDS.md"), "utf8"), "run `npm run docs:commands`").toBe(
    commandsDocument(),
  );
});

test("the help names every option", () => {
  const help = helpLines().join("\n");
  const isNamed = (form: string) => new RegExp(`(?<![\\w-])${form}(?![\\w-])`).test(help);
  const unnamed = Object.entries(optionHelp).filter(
    ([name, { typed }]) => ![name, ...typed.split(", ")].some((form) => isNamed(form.split(" ")[0] ?? name)),
  );
  expect(unnamed.map(([name]) => name)).toEqual(["--help"]);
});

test("each option is of verbs that exist, and each verb looks at what its usage names", () => {
  for (const [name, { of }] of Object.entries(optionHelp))
    if (of !== "all") for (const verb of of.split(", ")) expect(verbNames, `${name} of`).toContain(verb);
  for (const [usage] of verbs) {
    const [verb = "", ...words] = usage.split(" ");
    const named = words.join(" ").match(/--[a-z-]+/g) ?? [];
    expect(foreignOption(verb, named), usage).toBeUndefined();
  }
});

test("every verb is shown at work in a guide", () => {
  const shown = ["DYNAMIC_DEPLOYMENT.md", "FAULT_TOLERANCE.md", "STATUS.md"]
    .flatMap((file) => shellBlocksIn(readFileSync(join(docs, file), "utf8")))
    .flatMap(({ commands }) => commands.map(({ line }) => line))
    .join("\n");
  const unseen = verbNames.filter((verb) => !new RegExp(`\\bev ${verb}\\b`).test(shown));
  expect(unseen).toEqual(["help"]);
});
