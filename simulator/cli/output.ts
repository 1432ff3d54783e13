// Where a command writes. A reader that goes away (`ev logs … | head`) ends the command quietly.

export interface Output {
  /** One line of the answer. */
  line(text: string): void;
  /** One line about the answer: standard error, so that `--json` stays clean. */
  note(text: string): void;
}

export const standardOutput: Output = {
  line: (text) => process.stdout.write(`${text}\n`),
  note: (text) => process.stderr.write(`${text}\n`),
};

/** For a part of a command whose own lines are not its answer: as JSON the answer stands alone on standard output. */
export function beside(output: Output, asJson: boolean): Output {
  return asJson ? { line: output.note, note: output.note } : output;
}

/** Ends the process with the code of a broken pipe when standard output's reader is gone. */
export function endWithReader(): void {
  process.stdout.on("error", () => process.exit(141));
}
