// Style as a test: the walls between the rooms, purity of the rules, no dead file, no document naming a missing path.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const rooms = ["wire", "device-agent", "bridge", "central-fn", "infra", "simulator", "test"] as const;

function filesUnder(folder: string): string[] {
  const at = join(root, folder);
  if (!existsSync(at)) return [];
  return readdirSync(at, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((name) => /\.tsx?$/.test(name) && statSync(join(root, name)).isFile());
}

const sources = rooms.flatMap(filesUnder);
const textOf = new Map(sources.map((file) => [file, readFileSync(join(root, file), "utf8")]));

/** What a file imports: project paths for relative imports, package names for the rest. */
function importsOf(file: string): string[] {
  const text = textOf.get(file) ?? "";
  const found = [
    ...text.matchAll(
      /(?:^|\n)\s*(?:import|export)\s[^;"']*?from\s*"([^"]+)"|import\(\s*"([^"]+)"\s*\)|(?:^|\n)import\s+"([^"]+)"/g,
    ),
  ];
  return found
    .map((match) => match[1] ?? match[2] ?? match[3] ?? "")
    .map((target) => (target.startsWith(".") ? relative(root, join(root, dirname(file), target)) : target));
}

const under = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);
const isPackage = (target: string) => !sources.includes(target) && !/\.(tsx?|css)$/.test(target);
const production = sources.filter((file) => !under(file, "test"));

describe("walls", () => {
  test("wire/messages imports zod and nothing else of the world", () => {
    const wrong = sources
      .filter((file) => under(file, "wire/messages"))
      .flatMap((file) =>
        importsOf(file)
          .filter((target) => target !== "zod" && !under(target, "wire/messages"))
          .map((target) => `${file} imports ${target}`),
      );
    expect(wrong).toEqual([]);
  });

  test.each(["device-agent", "bridge", "central-fn"])(
    "%s imports wire and nothing of the other rooms",
    (room) => {
      const wrong = sources
        .filter((file) => under(file, room))
        .flatMap((file) =>
          importsOf(file)
            .filter((target) => !isPackage(target) && !under(target, room) && !under(target, "wire"))
            .map((target) => `${file} imports ${target}`),
        );
      expect(wrong).toEqual([]);
    },
  );

  test("wire imports only wire, infra only wire, and only tests import tests", () => {
    const wrong = production.flatMap((file) =>
      importsOf(file)
        .filter(
          (target) =>
            under(target, "test") ||
            (under(file, "wire") && !isPackage(target) && !under(target, "wire")) ||
            (under(file, "infra") && !isPackage(target) && !under(target, "infra") && !under(target, "wire")),
        )
        .map((target) => `${file} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test("the monitor never imports the engine, nor the engine the monitor", () => {
    const wrong = sources
      .filter((file) => under(file, "device-agent"))
      .filter((file) =>
        importsOf(file).some(
          (target) =>
            (under(file, "device-agent/monitor") && under(target, "device-agent/engine")) ||
            (under(file, "device-agent/engine") && under(target, "device-agent/monitor")),
        ),
      );
    expect(wrong).toEqual([]);
  });

  test.each([
    // A bench measures the bare library as the limit of what is built on it.
    ["kafkajs", ["wire/kafka", "simulator/bench/load/kafkajs-main.ts"]],
    ["mqtt", ["wire/mqtt", "simulator/bench/load/mqttjs-main.ts"]],
    ["serialport", ["device-agent/charger"]],
    ["@aws-sdk/client-dynamodb", ["central-fn/tables/dynamodb.ts"]],
    ["aedes", ["simulator/brokers/mqtt"]],
  ])("%s is imported in one place", (name, places) => {
    const wrong = production.filter(
      (file) =>
        importsOf(file).some((target) => target === name) && !places.some((place) => under(file, place)),
    );
    expect(wrong).toEqual([]);
  });
});

describe("what runs in a browser", () => {
  const pages = production.filter((file) => /^central-fn\/pages\/\w+\//.test(file));
  /** Types are gone when the page is made. */
  const loadedBy = (file: string) => {
    const text = textOf.get(file) ?? "";
    const types = new Set(
      [...text.matchAll(/(?:import|export) type [^;]*?from\s*"([^"]+)"/g)].map((match) => match[1] ?? ""),
    );
    const elsewhere = new Set([...types].map((target) => relative(root, join(root, dirname(file), target))));
    return importsOf(file).filter((target) => !types.has(target) && !elsewhere.has(target));
  };

  test("loads preact, its signals, rules and the pages' own files, and nothing else", () => {
    expect(pages.length).toBeGreaterThan(30);
    const wrong = pages.flatMap((file) =>
      loadedBy(file)
        .filter((target) => !/^(preact|preact\/hooks|@preact\/signals)$/.test(target))
        // The client knows the server by its types alone.
        .filter((target) => !under(target, "central-fn/client"))
        // Rules are pure: what they say of a price is true on the page as well.
        .filter((target) => !under(target, "central-fn/rules"))
        .filter((target) => !under(target, "central-fn/pages") || /pages\/[\w-]+\.ts$/.test(target))
        .map((target) => `${file} loads ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test("calls Central by a client that loads nothing of the server", () => {
    const client = production.filter((file) => under(file, "central-fn/client"));
    expect(client.length).toBeGreaterThan(1);
    expect(client.flatMap(loadedBy).filter((target) => !under(target, "central-fn/client"))).toEqual([]);
  });

  test("shares the kit, and no page reads another's", () => {
    const roomOf = (file: string) => file.split("/")[2] ?? "";
    const wrong = pages.flatMap((file) =>
      importsOf(file)
        .filter((target) => under(target, "central-fn/pages"))
        .filter((target) => ![roomOf(file), "kit"].includes(roomOf(target)))
        .map((target) => `${file} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe("rules", () => {
  const rules = production.filter((file) => file.endsWith("rules.ts") || under(file, "central-fn/rules"));

  test("there are rules to look at", () => {
    expect(rules.length).toBeGreaterThan(8);
  });

  test.each(rules)("%s touches no clock, no randomness, no I/O and waits for nothing", (file) => {
    const text = (textOf.get(file) ?? "").replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "");
    expect(text).not.toMatch(
      /Date\.now|new Date\(\)|performance\.|Math\.random|randomUUID|process\.|\bawait\b|\basync\b|setTimeout|setInterval|setImmediate/,
    );
    // Hashing is pure; everything else of Node's own modules is I/O.
    expect(
      importsOf(file).filter((target) => target.startsWith("node:") && target !== "node:crypto"),
    ).toEqual([]);
  });
});

describe("order in the house", () => {
  test("no dead file: everything is an entry, or imported by production code", () => {
    const imported = new Set(production.flatMap(importsOf));
    const scripts = readFileSync(join(root, "package.json"), "utf8");
    const entries = production.filter(
      (file) =>
        file.endsWith("-main.ts") ||
        scripts.includes(file) ||
        file === "simulator/cli.ts" ||
        // What the build of the pages begins with.
        /^central-fn\/pages\/\w+\/(main\.tsx|sw\.ts)$/.test(file),
    );
    const byTests = new Set(sources.filter((file) => under(file, "test")).flatMap(importsOf));
    const dead = production.filter(
      (file) =>
        !imported.has(file) &&
        !entries.includes(file) &&
        !file.endsWith(".d.ts") &&
        // A part of the simulator may exist for the tests alone.
        !(under(file, "simulator") && byTests.has(file)),
    );
    expect(dead).toEqual([]);
  });

  test("no document names a path that does not exist", () => {
    const documents = ["README.md", "CHANGELOG.md", ...markdownUnder("docs")].filter((file) =>
      existsSync(join(root, file)),
    );
    const missing = documents.flatMap((file) => {
      const text = readFileSync(join(root, file), "utf8");
      const named = [
        ...text.matchAll(
          /`((?:wire|device-agent|bridge|central-fn|infra|simulator|test|docs|bin|\.ci)\/[\w./-]*)`/g,
        ),
      ].map((match) => match[1] ?? "");
      const linked = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)(?:#[^)]*)?\)/g)].map((match) =>
        relative(root, join(root, dirname(file), match[1] ?? "")),
      );
      return [...named, ...linked]
        .filter((path) => !existsSync(join(root, path)))
        .map((path) => `${file} names ${path}`);
    });
    expect(missing).toEqual([]);
  });

  test("names say what a thing is", () => {
    // In the simulator a service is what `ev ps` lists: the public word for a process of the fleet.
    const vague = production.filter(
      (file) =>
        /(^|\/)(utils?|helpers?|manager|common|misc)\b/.test(file) ||
        (/(^|\/)services?\b/.test(file) && !under(file, "simulator")),
    );
    expect(vague).toEqual([]);
  });
});

function markdownUnder(folder: string): string[] {
  const at = join(root, folder);
  if (!existsSync(at)) return [];
  return readdirSync(at, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name));
}
