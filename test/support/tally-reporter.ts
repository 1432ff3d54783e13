// A reporter of vitest that writes what passed, what failed and why to the file that EV_TEST_REPORT names. Vitest's own
// JSON report leaves out what is thrown before the tests of a group, which is just what one wants to know.
import { writeFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import type { Reporter, SerializedError, TestModule } from "vitest/node";

export interface Count {
  passed: number;
  failed: number;
  /** What failed, each by its name and its reason. */
  names?: string[];
}

const reasonLines = 12;
const lineWidth = 400;

/** The first lines of each error and where it was thrown, indented for a list. */
function reasonsOf(errors: readonly Partial<SerializedError>[]): string {
  return errors
    .flatMap(({ message = "no message", stack = "" }) => [
      ...stripVTControlCharacters(message).split("\n").slice(0, reasonLines),
      ...stack.split("\n").filter((line) => /^\s+at .*\/test\//.test(line)),
    ])
    .filter((line) => line.trim() !== "")
    .map((line) => `\n    ${line.slice(0, lineWidth)}`)
    .join("");
}

/** What of a file did not pass: a test that was skipped has failed, and so has a file that has no test. */
function countOf(file: TestModule): Required<Count> {
  const tests = [...file.children.allTests()];
  const wrong = tests.filter((test) => !test.ok() || test.result().state === "skipped");
  const outside = [file, ...file.children.allSuites()].flatMap((group) => group.errors());
  const names = wrong.map((test) => {
    const { state, errors = [] } = test.result();
    return `${file.relativeModuleId}: ${test.fullName} (${state})${reasonsOf(errors)}`;
  });
  if (outside.length > 0 || tests.length === 0)
    names.unshift(`${file.relativeModuleId}: outside of its tests${reasonsOf(outside)}`);
  return { passed: tests.length - wrong.length, failed: names.length, names };
}

export default class TallyReporter implements Reporter {
  onTestRunEnd(files: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const counts = files.map(countOf);
    const names = counts.flatMap((count) => count.names);
    if (unhandled.length > 0) names.push(`unhandled errors${reasonsOf(unhandled)}`);
    const passed = counts.reduce((sum, count) => sum + count.passed, 0);
    if (passed === 0 && names.length === 0) names.push("no test was found");
    const count: Count = { passed, failed: names.length, names };
    writeFileSync(process.env.EV_TEST_REPORT ?? "ev-test-report.json", JSON.stringify(count));
  }
}
