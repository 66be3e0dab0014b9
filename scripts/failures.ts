/** Finds in the output of `bun test` which tests failed and what was printed about each. */

export interface Failure {
  readonly file: string;
  readonly name: string;
  /** What was printed between the result before it and its own, without the ends' blank lines. */
  readonly said: string;
}

const RESULT = /^\((pass|fail|skip|todo)\) (.*?)(?: \[[\d.]+m?s\])?$/;
const FILE = /^(\S+\.test\.ts):$/;

/** Above what Bun says of all failures once more, without their files. */
const ONCE_MORE = /^\d+ tests? failed:$/;
/** Above the names of the files that a run was ended in. */
const INTERRUPTED = "Interrupted while still running:";
const RUNNING_FILE = /^ {2}(\S+\.test\.ts) \(\w+\)$/gm;

/** `output`: of one run, with `--parallel` or without. */
export function failuresIn(output: string): Failure[] {
  const found: Failure[] = [];
  let file = "";
  let said: string[] = [];
  for (const line of output.split("\n")) {
    if (ONCE_MORE.test(line)) break;
    const result = RESULT.exec(line);
    file = FILE.exec(line)?.[1] ?? file;
    if (result?.[1] === "fail") found.push({ file, name: result[2] ?? "", said: said.join("\n").trim() });
    if (result !== null || FILE.test(line)) said = [];
    else said.push(line);
  }
  return found;
}

/** The files that still ran when the run was ended, as Bun names them with `--parallel`; without, the last that it began. */
export function runningIn(output: string): string[] {
  const at = output.lastIndexOf(INTERRUPTED);
  if (at >= 0) return [...output.slice(at).matchAll(RUNNING_FILE)].flatMap(([, file]) => file ?? []);
  return output
    .split("\n")
    .flatMap((line) => FILE.exec(line)?.[1] ?? [])
    .slice(-1);
}
