/** Finds in the output of `bun test` which tests failed and what was printed about each. */

export interface Failure {
  readonly file: string;
  readonly name: string;
  /** What was printed between the result before it and its own, without the ends' blank lines. */
  readonly said: string;
}

const RESULT = /^\((pass|fail|skip|todo)\) (.*?)(?: \[[\d.]+m?s\])?$/;
const FILE = /^(\S+\.test\.ts):$/;

/** `output`: of one run, with `--parallel` or without. Bun repeats failures at its end: each counts once. */
export function failuresIn(output: string): Failure[] {
  const found = new Map<string, Failure>();
  let file = "";
  let said: string[] = [];
  for (const line of output.split("\n")) {
    const result = RESULT.exec(line);
    file = FILE.exec(line)?.[1] ?? file;
    if (result?.[1] === "fail") {
      const failure = { file, name: result[2] ?? "", said: said.join("\n").trim() };
      const key = `${file}\n${failure.name}`;
      if (!found.has(key)) found.set(key, failure);
    }
    if (result !== null || FILE.test(line)) said = [];
    else said.push(line);
  }
  return [...found.values()];
}
