// docs/COMMANDS.md, made from what the command line itself knows: verbs, options, scenarios, the box's commands.
import { parts } from "../scenarios/fault-tolerance/parts.ts";
import { scenarios } from "../scenarios/registry.ts";
import { chargerCommands } from "./charger.rules.ts";
import { notes, verbs } from "./help.ts";
import { optionHelp } from "./option-help.ts";

/** Every verb stands in one chapter; one that is in none would be missing, and is an error. */
const chapters: readonly (readonly [title: string, verbs: readonly string[]])[] = [
  ["The fleet", ["up", "down"]],
  ["Looking", ["ps", "logs", "inspect", "figures"]],
  ["Services", ["start", "stop", "kill", "restart", "pause", "unpause"]],
  ["Faults", ["simulate-crash", "disconnect", "connect"]],
  ["Charge points and drivers", ["add-cp", "add-driver", "remove", "clean", "apply", "export", "import"]],
  ["Simulated chargers and cars", ["plug", "unplug", "charger"]],
  ["Verifying and measuring", ["scenario", "test-fault-tolerance", "load"]],
  ["Credentials and keys", ["token", "credentials", "revoke", "rotate-credentials", "rotate-key"]],
  ["Other", ["help"]],
];

/** The whole page as Markdown. */
export function commandsDocument(): string {
  const known = new Set(chapters.flatMap(([, names]) => names));
  const homeless = verbs.filter(([usage]) => !known.has(verbOf(usage)));
  if (homeless.length > 0)
    throw new Error(
      `a chapter of commands-document.ts is missing for: ${homeless.map(([usage]) => usage).join(", ")}`,
    );
  return [
    "# Commands",
    "",
    "<!-- Made by `npm run docs:commands` from what `ev` itself knows. Change it there. -->",
    "",
    '`npx ev …` in the project\'s folder; `ev` alone after `export PATH="$PWD/node_modules/.bin:$PATH"`. Options may',
    "stand anywhere. The exit code is 0 when everything is as it was asked to be, else 1 (2: a story could not be played; 130: it was stopped).",
    "Shown at work: [DYNAMIC_DEPLOYMENT.md](DYNAMIC_DEPLOYMENT.md), [FAULT_TOLERANCE.md](FAULT_TOLERANCE.md),",
    "[STATUS.md](STATUS.md).",
    "",
    ...chapters.flatMap(chapter),
    "## Options",
    "",
    ...table(
      ["Option", "Of", "Does"],
      Object.values(optionHelp).map(({ typed, of, does }) => [code(typed), of, does]),
    ),
    "## Services, servers elsewhere, several hosts",
    "",
    "```text",
    ...notes,
    "```",
    "",
  ].join("\n");
}

function chapter([title, names]: readonly [string, readonly string[]]): string[] {
  const rows = verbs.filter(([usage]) => names.includes(verbOf(usage)));
  return [
    `## ${title}`,
    "",
    ...table(
      ["Command", "Does"],
      rows.map(([usage, does]) => [code(`ev ${usage}`), does]),
    ),
    ...(names.includes("charger")
      ? table(
          ["`ev charger CP …`", "Does"],
          chargerCommands.map(([usage, does]) => [code(usage), does]),
        )
      : []),
    ...(names.includes("scenario")
      ? [
          ...table(
            ["`ev scenario …`", "The story"],
            scenarios.map(({ name, title: story }) => [code(name), story]),
          ),
          ...table(
            ["`ev test-fault-tolerance …`", "What fails", "Goes on", "Stops"],
            parts.map((part) => [code(part.name), part.title, part.continues, part.stops]),
          ),
        ]
      : []),
  ];
}

function verbOf(usage: string): string {
  return usage.split(" ")[0] ?? "";
}

function code(text: string): string {
  return `\`${text}\``;
}

/** A pipe would end its cell, in code too. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line), ""];
}
